// An expression as a tree. `evaluate` defines its meaning: the kernel's program and the conditions of SQL are made of the same tree.
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { type Fact, FILTERED_KINDS, factLayout } from './facts.ts';
import type { Span } from './filter-error.ts';
import { includes, type Ranges } from './ranges.ts';
import type { Word } from './syntax.ts';

/**
 * True when the row's kind has the fact, the fact is known and its value is in the ranges, which are within the fact's domain; else it is
 * false.
 */
export type Test<Tested extends Fact = Fact> = { op: 'test'; fact: Tested; ranges: Ranges; span: Span };

/** Names whose numbers differ from machine to machine: whoever evaluates the tree first looks them up. */
export type Named = {
  op: 'named';
  fact: Fact;
  field: NamedField;
  /** of the field `label`: which one */
  label: string;
  values: readonly Word[];
  isNegated: boolean;
  span: Span;
};
export type NamedField = 'cgroup' | 'netns' | 'reason' | 'host' | 'label' | 'container' | 'pod' | 'unit';

/** Boolean logic over leaves. */
export type Tree<Leaf> =
  | Leaf
  | { op: 'and' | 'or'; terms: readonly Tree<Leaf>[]; span: Span }
  | { op: 'not'; term: Tree<Leaf>; span: Span };

/** A tree with numbers in place of all names. */
export type Filter<Tested extends Fact = Fact> = Tree<Test<Tested>>;
export type Expression = Tree<Test | Named>;

/** The same tree with other leaves. */
export function withLeaves<Leaf extends Test | Named, Other extends { op: string }>(
  tree: Tree<Leaf>,
  replace: (leaf: Leaf) => Tree<Other>,
): Tree<Other> {
  switch (tree.op) {
    case 'and':
    case 'or':
      return { ...tree, terms: tree.terms.map((term) => withLeaves(term, replace)) };
    case 'not':
      return { ...tree, term: withLeaves(tree.term, replace) };
    default:
      return replace(tree);
  }
}

/** Whether the filter matches one row. `factOf` is called only for facts that the row's kind has. */
export function evaluate<Tested extends Fact>(filter: Filter<Tested>, kind: Kind, factOf: (fact: Tested) => bigint): boolean {
  switch (filter.op) {
    case 'test':
      return factLayout(filter.fact).kinds.has(kind) && includes(filter.ranges, factOf(filter.fact));
    case 'and':
      return filter.terms.every((term) => evaluate(term, kind, factOf));
    case 'or':
      return filter.terms.some((term) => evaluate(term, kind, factOf));
    case 'not':
      return !evaluate(filter.term, kind, factOf);
  }
}

export type Kinds = ReadonlySet<Kind>;
const NONE: Kinds = new Set();

/** The kinds of which a row can match, judged by kinds alone. @param all the kinds there are */
export function possibleKinds(tree: Expression, all: Kinds = new Set(FILTERED_KINDS)): Kinds {
  switch (tree.op) {
    case 'test':
      return tree.fact === 'kind' ? namedKinds(tree.ranges) : factLayout(tree.fact).kinds;
    case 'named':
      return factLayout(tree.fact).kinds;
    case 'and':
      return tree.terms.map((term) => possibleKinds(term, all)).reduce((a, b) => a.intersection(b), all);
    case 'or':
      return tree.terms.map((term) => possibleKinds(term, all)).reduce((a, b) => a.union(b), NONE);
    case 'not':
      return all.difference(certainKinds(tree.term, all));
  }
}

/** The kinds of which every row matches, judged by kinds alone. */
function certainKinds(tree: Expression, all: Kinds): Kinds {
  switch (tree.op) {
    case 'test':
      return tree.fact === 'kind' ? namedKinds(tree.ranges) : NONE;
    case 'named':
      return NONE;
    case 'and':
      return tree.terms.map((term) => certainKinds(term, all)).reduce((a, b) => a.intersection(b), all);
    case 'or':
      return tree.terms.map((term) => certainKinds(term, all)).reduce((a, b) => a.union(b), NONE);
    case 'not':
      return all.difference(possibleKinds(tree.term, all));
  }
}

function namedKinds(ranges: Ranges): Kinds {
  return new Set(FILTERED_KINDS.filter((kind) => includes(ranges, BigInt(KIND.indexOf(kind)))));
}
