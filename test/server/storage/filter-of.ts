// The filter of an expression, of which hosts are named by their ids.
import { parseExpression } from '../../../agent/contract/language/bind.ts';
import { union } from '../../../agent/contract/language/ranges.ts';
import { withLeaves } from '../../../agent/contract/language/tree.ts';
import type { StoredFilter } from '../../../server/storage/language/condition.ts';

export function filterOf(expression: string): StoredFilter {
  return withLeaves(parseExpression(expression, 'rows'), ({ span, fact, ...leaf }): StoredFilter => {
    if (leaf.op === 'test') return { ...leaf, fact, span };
    return { op: 'test', fact, ranges: union(leaf.values.map(({ text }) => [BigInt(text), BigInt(text)])), span };
  });
}
