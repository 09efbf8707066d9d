// A filter as a tree: what everything else is made from, and the one place that says what it means.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Fact, FILTERED_KINDS, factLayout } from './facts.ts';
import { includes, type Ranges } from './ranges.ts';

/** A stretch of the expression that something was made from, in characters. */
export type Span = { start: number; end: number };

/**
 * `test` is true when the row's kind has the fact, the fact is known and its value is in the ranges, which lie within
 * the fact's domain; else it is false. The others are the logic of two values over that.
 */
export type Filter =
  | { op: 'test'; fact: Fact; ranges: Ranges; span: Span }
  | { op: 'and' | 'or'; terms: readonly Filter[]; span: Span }
  | { op: 'not'; term: Filter; span: Span };

/** What the filter says of one row; `factOf` is not asked for a fact that the row's kind does not have. */
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

/** The kinds of which a row can match, as far as kinds alone decide. */
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

/** The kinds of which every row matches. */
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
