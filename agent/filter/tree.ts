// A filter as a tree, from which the kernel's program is made. `evaluate` defines its meaning.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Fact, FILTERED_KINDS, factLayout } from './facts.ts';
import { includes, type Ranges } from './ranges.ts';

/** The part of the expression that a node was made from, in characters. */
export type Span = { start: number; end: number };

/**
 * `test` is true when the row's kind has the fact, the fact is known and its value is in the ranges, which are within the fact's domain; else it
 * is false. The other nodes are Boolean logic over tests.
 */
export type Filter =
  | { op: 'test'; fact: Fact; ranges: Ranges; span: Span }
  | { op: 'and' | 'or'; terms: readonly Filter[]; span: Span }
  | { op: 'not'; term: Filter; span: Span };

/** Whether the filter matches one row. `factOf` is called only for facts that the row's kind has. */
export function evaluate(filter: Filter, kind: Kind, factOf: (fact: Fact) => bigint): boolean {
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

const ALL: Kinds = new Set(FILTERED_KINDS);
const NONE: Kinds = new Set();

/** The kinds of which a row can match, judged by kinds alone. */
export function possibleKinds(filter: Filter): Kinds {
  switch (filter.op) {
    case 'test':
      return filter.fact === 'kind' ? namedKinds(filter.ranges) : factLayout(filter.fact).kinds;
    case 'and':
      return filter.terms.map(possibleKinds).reduce((a, b) => a.intersection(b), ALL);
    case 'or':
      return filter.terms.map(possibleKinds).reduce((a, b) => a.union(b), NONE);
    case 'not':
      return ALL.difference(certainKinds(filter.term));
  }
}

/** The kinds of which every row matches, judged by kinds alone. */
function certainKinds(filter: Filter): Kinds {
  switch (filter.op) {
    case 'test':
      return filter.fact === 'kind' ? namedKinds(filter.ranges) : NONE;
    case 'and':
      return filter.terms.map(certainKinds).reduce((a, b) => a.intersection(b), ALL);
    case 'or':
      return filter.terms.map(certainKinds).reduce((a, b) => a.union(b), NONE);
    case 'not':
      return ALL.difference(possibleKinds(filter.term));
  }
}

function namedKinds(ranges: Ranges): Kinds {
  return new Set(FILTERED_KINDS.filter((kind) => includes(ranges, BigInt(KIND.indexOf(kind)))));
}
