// Makes expressions of values: what a click on a value adds to a filter.
import { type Operator, parseSyntax, type Syntax } from './syntax.ts';
import { isBare } from './tokens.ts';

/** A value as it stands in an expression. */
export const quoted = (value: string): string => (isBare(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);

/** One test. @param values one, or several for `in` and `not in` */
export function testOf(field: string, operator: Operator, ...values: readonly string[]): string {
  const [first = ''] = values;
  return `${field} ${operator} ${values.length > 1 ? `(${values.map(quoted).join(', ')})` : quoted(first)}`;
}

/**
 * The expression that is true where all of these are. An empty expression is always true. @throws FilterError for a part that is no
 * expression
 */
export function allOf(...expressions: readonly string[]): string {
  const parts = expressions.filter((expression) => expression.trim() !== '');
  if (parts.length < 2) return parts.join('');
  return parts.map((part) => (isOpenOr(parseSyntax(part)) ? `(${part})` : part)).join(' and ');
}

/** Whether it is an `or` without parentheses around it. */
const isOpenOr = (syntax: Syntax): boolean => syntax.op === 'or' && syntax.terms[0]?.span.start === syntax.span.start;

/**
 * The expression with `field = value` in place of its own tests of the field. A text that is no expression is replaced: nothing can be
 * added to it.
 */
export function addTest(expression: string, field: string, value: string): string {
  return allOf(removeTests(expression, field), testOf(field, '=', value));
}

/** The expression, but not where the field has the value. Values that are excluded already stay so. */
export function excludeTest(expression: string, field: string, value: string): string {
  const parts = partsOf(expression);
  const before = parts.filter((part) => isExcluding(part, field));
  const left = parts.filter((part) => !before.includes(part) && !isTest(part, field, value));
  const values = [...new Set([...before.flatMap(valuesOf), value])];
  return allOf(...left.map(({ text }) => text), testOf(field, values.length > 1 ? 'not in' : '!=', ...values));
}

/** The expression without those of its tests that are of the field, negated ones too, where all of them have to be true. */
export function removeTests(expression: string, field: string): string {
  const isOf = (syntax: Syntax): boolean => (syntax.op === 'not' ? isOf(syntax.term) : syntax.op === 'test' && syntax.field.text === field);
  const left = partsOf(expression).filter(({ syntax }) => !isOf(syntax));
  return allOf(...left.map(({ text }) => text));
}

/** Whether it is true only where the field has the value, by a test of its own. */
export const hasTest = (expression: string, field: string, value: string): boolean =>
  partsOf(expression).some((part) => isTest(part, field, value));

type Part = { text: string; syntax: Syntax };

/** The parts of an expression that all have to be true. */
function partsOf(expression: string): Part[] {
  try {
    const whole = parseSyntax(expression);
    const terms = whole.op === 'and' ? whole.terms : [whole];
    return terms.map((syntax) => ({ syntax, text: expression.slice(syntax.span.start, syntax.span.end) }));
  } catch {
    return [];
  }
}

const valuesOf = ({ syntax }: Part): string[] => (syntax.op === 'test' ? syntax.values.map(({ text }) => text) : []);

const isExcluding = ({ syntax }: Part, field: string): boolean =>
  syntax.op === 'test' && syntax.field.text === field && ['!=', 'not in'].includes(syntax.operator);

function isTest(part: Part, field: string, value: string): boolean {
  const { syntax } = part;
  const [only, ...more] = valuesOf(part);
  return (
    syntax.op === 'test' && syntax.field.text === field && ['=', 'in'].includes(syntax.operator) && only === value && more.length === 0
  );
}
