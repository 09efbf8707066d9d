// Expressions about hosts alone: which hosts are to do something. The collector evaluates them, since it knows the fleet.
import { parseExpression } from './bind.ts';
import type { FieldName } from './fields.ts';
import { FilterError } from './filter-error.ts';
import { type Expression, type Named, withLeaves } from './tree.ts';

/** `host_id`: 16 hex digits. `name`: '' where it is not known. */
export type HostFacts = { host_id: string; name: string; labels: Readonly<Record<string, string>> };

/** The fields that such an expression may have. */
export const HOST_FIELDS = ['host', 'label'] as const satisfies readonly FieldName[];

/** Undefined: every host, as an empty expression says. @throws FilterError where a test is not about hosts */
export function parseHosts(expression: string): Expression | undefined {
  if (expression.trim() === '') return undefined;
  const tree = parseExpression(expression, 'rows');
  return withLeaves(tree, (leaf) => {
    if (leaf.op === 'named' && HOST_FIELDS.some((field) => field === leaf.field)) return leaf;
    const problem = 'this says nothing of hosts: write host = NAME or label.NAME = VALUE';
    throw new FilterError('filter_place', problem, expression, leaf.span);
  });
}

/** Whether a host matches what `parseHosts` gave. As in rows, neither = nor != is true of a host without the label. */
export function isHost(tree: Expression | undefined, host: HostFacts): boolean {
  if (tree === undefined) return true;
  switch (tree.op) {
    case 'and':
      return tree.terms.every((term) => isHost(term, host));
    case 'or':
      return tree.terms.some((term) => isHost(term, host));
    case 'not':
      return !isHost(tree.term, host);
    default:
      return tree.op === 'named' && isNamed(tree, host);
  }
}

function isNamed({ field, label, values, isNegated }: Named, { host_id, name, labels }: HostFacts): boolean {
  const isOneOf = (...own: readonly string[]) => values.some(({ text }) => own.includes(text)) !== isNegated;
  if (field === 'host') return isOneOf(host_id, name);
  const value = labels[label];
  return value !== undefined && isOneOf(value);
}
