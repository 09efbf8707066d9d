// Makes expressions of values: what a click on a value adds to a filter.
import { type Operator, parseSyntax } from './syntax.ts';
import { isBare } from './tokens.ts';

/** A value as it stands in an expression. */
export const quoted = (value: string): string => (isBare(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);

/** One test. @param values one, or several for `in` and `not in` */
export function testOf(field: string, operator: Operator, ...values: readonly string[]): string {
  const [first = ''] = values;
  return `${field} ${operator} ${values.length > 1 ? `(${values.map(quoted).join(', ')})` : quoted(first)}`;
}

/** True where all of them are. An empty expression is always true. @throws FilterError for a part that is no expression */
export function allOf(...expressions: readonly string[]): string {
  const parts = expressions.filter((expression) => expression.trim() !== '');
  if (parts.length < 2) return parts.join('');
  return parts.map((part) => (parseSyntax(part).op === 'or' ? `(${part})` : part)).join(' and ');
}
