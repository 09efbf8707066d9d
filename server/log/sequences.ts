// The sequences of batches, of one kind of one agent's run, that are stored, as ranges. Batches may arrive in any order, and an agent may
// give one up: so a gap between ranges can close late or never.

export type SequenceRange = [from: number, to: number];
export type SequenceVerdict = 'new' | 'stored' | 'too_old';

/**
 * Limit of ranges. An agent that sends in order leaves one gap for each batch that it gives up, and one while it sends a backlog beside
 * live batches. If a run has more ranges, its oldest gap is closed for good.
 */
export const RANGES_MAX = 65_536;

export class Sequences {
  /** The first and last sequence of each range in turn, ascending: 16 bytes a range. Ranges neither overlap nor touch. */
  readonly #bounds: number[];
  /** Gaps up to this sequence are closed: which sequences were missing in them is no longer known. */
  closed_up_to: number;

  constructor(ranges: readonly SequenceRange[] = [], closedUpTo = 0) {
    this.#bounds = ranges.flat();
    this.closed_up_to = closedUpTo;
  }

  get ranges(): SequenceRange[] {
    return Array.from({ length: this.length }, (_, index) => [this.#bounds[2 * index] ?? 0, this.#bounds[2 * index + 1] ?? 0]);
  }

  /** The number of ranges. */
  get length(): number {
    return this.#bounds.length / 2;
  }

  verdict(sequence: number): SequenceVerdict {
    if (sequence <= this.closed_up_to) return 'too_old';
    const at = this.#firstAbove(sequence);
    // An odd index is inside a range: after its first sequence and not after its last. `at - 1` may be exactly a last one.
    return at % 2 === 1 || this.#bounds[at - 1] === sequence ? 'stored' : 'new';
  }

  /** Adding a sequence again changes nothing. */
  add(sequence: number): void {
    if (this.verdict(sequence) !== 'new') return;
    const bounds = this.#bounds;
    const at = this.#firstAbove(sequence);
    const touchesBefore = bounds[at - 1] === sequence - 1;
    const touchesAfter = bounds[at] === sequence + 1;
    if (touchesBefore && touchesAfter) bounds.splice(at - 1, 2);
    else if (touchesBefore) bounds[at - 1] = sequence;
    else if (touchesAfter) bounds[at] = sequence;
    else bounds.splice(at, 0, sequence, sequence);
    if (this.length > RANGES_MAX) this.closeOldestGaps(1);
  }

  /** Closes the oldest `count` gaps: a batch whose sequence is in one of them is not taken any more. */
  closeOldestGaps(count: number): void {
    const end = 2 * Math.min(count, this.length - 1);
    if (end <= 0) return;
    this.closed_up_to = (this.#bounds[end] ?? 0) - 1;
    this.#bounds.splice(1, end);
  }

  /** The index of the first bound above `sequence`: for most new sequences the end. */
  #firstAbove(sequence: number): number {
    const bounds = this.#bounds;
    let [low, high] = [0, bounds.length];
    if (high > 0 && (bounds[high - 1] ?? 0) <= sequence) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bounds[middle] ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
