// Which sequences of one agent's run are stored: the cursor (all up to it) and what arrived above it, as ranges.
// Batches may arrive in any order and an agent may give one up, so gaps can close late or never.

export type SequenceRange = [from: number, to: number];
export type SequenceVerdict = 'new' | 'stored' | 'too_old';

/** Gaps remembered. A run that leaves more has given up that many batches; its oldest gap is then closed for good. */
const RANGES_MAX = 256;

export class Sequences {
  /** Ascending, neither overlapping nor adjacent; the first one is the cursor if it begins at 1. */
  readonly ranges: SequenceRange[];
  /** Up to here it is no longer known which sequences are missing. */
  closed_up_to: number;

  constructor(ranges: readonly SequenceRange[] = [], closedUpTo = 0) {
    this.ranges = ranges.map(([from, to]) => [from, to]);
    this.closed_up_to = closedUpTo;
  }

  verdict(sequence: number): SequenceVerdict {
    if (sequence <= this.closed_up_to) return 'too_old';
    const range = this.ranges[this.#lastFrom(sequence)];
    return range && sequence <= range[1] ? 'stored' : 'new';
  }

  /** Idempotent. */
  add(sequence: number): void {
    if (this.verdict(sequence) !== 'new') return;
    const at = this.#lastFrom(sequence);
    const before = this.ranges[at];
    const after = this.ranges[at + 1];
    if (before && before[1] === sequence - 1) {
      before[1] = sequence;
      if (after && after[0] === sequence + 1) {
        before[1] = after[1];
        this.ranges.splice(at + 1, 1);
      }
    } else if (after && after[0] === sequence + 1) {
      after[0] = sequence;
    } else {
      this.ranges.splice(at + 1, 0, [sequence, sequence]);
      if (this.ranges.length > RANGES_MAX) this.#closeOldestGap();
    }
  }

  /** Index of the last range that begins at or below `sequence`; −1 if none does. Searched from the end, where new ones go. */
  #lastFrom(sequence: number): number {
    return this.ranges.findLastIndex(([from]) => from <= sequence);
  }

  #closeOldestGap(): void {
    const [first, second] = this.ranges;
    if (!first || !second) return;
    this.closed_up_to = second[0] - 1;
    this.ranges.splice(0, 2, [first[0], second[1]]);
  }
}
