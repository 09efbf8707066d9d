// Batches on disk that are leased. Each lease ends once, also where the segment is given up meanwhile: the batch may still arrive.
import type { Outcome } from '../contract/outcome.ts';
import { countOf, type RowCount, RowCounts } from './row-counts.ts';
import type { GivenUp, Segment } from './segment.ts';
import type { Place } from './segments.ts';

/** Called with rows of batches that are done or lost. */
export type Count = (batches: RowCount, outcome: Outcome) => void;

export class Leases implements Iterable<Place> {
  readonly #count: Count;
  readonly #places = new Set<Place>();

  constructor(count: Count) {
    this.#count = count;
  }

  [Symbol.iterator](): Iterator<Place> {
    return this.#places.values();
  }

  add(place: Place): void {
    this.#places.add(place);
  }

  /** The batch waits again, unless its segment was given up: then it is lost. */
  release(place: Place): void {
    const { segment, record } = place;
    if (!this.#places.delete(place)) return;
    if (segment.given_up === undefined) segment.release(record);
    else this.#count(countOf(record.head), segment.given_up);
  }

  /** The batch is done. Returns true if its segment still exists and has one batch less that waits. */
  settle(place: Place, outcome: Outcome): boolean {
    const { segment, record } = place;
    if (!this.#places.delete(place)) return false;
    this.#count(countOf(record.head), outcome);
    if (segment.given_up !== undefined) return false;
    segment.settle(record);
    return true;
  }

  /** Gives a segment up: its batches that wait are lost. Those that are leased are counted when their leases end. */
  giveUp(segment: Segment, why: GivenUp): void {
    segment.given_up = why;
    const lost = new RowCounts(segment.waiting);
    for (const { segment: of, record } of this.#places) if (of === segment) lost.remove(record.head);
    for (const count of lost) this.#count(count, why);
  }
}
