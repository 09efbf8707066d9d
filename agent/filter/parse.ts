// Parses an expression to the filter that it means on one machine: names are looked up now, and not again later.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { checkPossible, parseExpression } from '../contract/language/bind.ts';
import { FILTERED_KINDS, isKernelFact, type KernelFact } from '../contract/language/facts.ts';
import { FilterError } from '../contract/language/filter-error.ts';
import { type Range, union } from '../contract/language/ranges.ts';
import { type Filter, type Named, type Test, type Tree, withLeaves } from '../contract/language/tree.ts';
import { rangesOf } from './named-values.ts';
import type { Names } from './names.ts';

export type KernelFilter = Filter<KernelFact>;

/**
 * The tree of an expression, for rows of the given kinds.
 * @throws FilterError with the place of the error, and what to write instead
 */
export function parseFilter(expression: string, names: Names, kinds: readonly Kind[] = KIND): KernelFilter {
  const tree = parseExpression(expression, 'kernel');
  const filter = withLeaves(tree, (leaf) => inKernel(leaf, expression, names));
  const wanted = FILTERED_KINDS.filter((kind) => kinds.includes(kind));
  checkPossible(tree, expression, new Set(wanted));
  if (wanted.length === FILTERED_KINDS.length) return filter;
  const ranges = union(wanted.map((kind): Range => [BigInt(KIND.indexOf(kind)), BigInt(KIND.indexOf(kind))]));
  return { op: 'and', terms: [{ op: 'test', fact: 'kind', ranges, span: filter.span }, filter], span: filter.span };
}

function inKernel(leaf: Test | Named, expression: string, names: Names): Tree<Test<KernelFact>> {
  const { fact, span } = leaf;
  if (!isKernelFact(fact)) throw new FilterError('filter_place', 'the kernel cannot test this', expression, span);
  return { op: 'test', fact, ranges: leaf.op === 'test' ? leaf.ranges : rangesOf(leaf, expression, names), span };
}
