// Whether every segment that came to a socket has a row. The socket counts each segment (`segs_in`) before a row can be written. A segment
// that is counted and in no row came unseen: a budget was spent, a ring was full, a program was not run.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { placeFrom } from './in-order.ts';
import type { ProgressSighting } from './seen.ts';

/** Segments that came to a socket between its first and its last row: counted by it, and told by rows. */
export type Completeness = { counted: number; seen: number };

const TURN = 2 ** 32;

export class Arrivals {
  readonly #taken: readonly ProgressSighting[];
  /** for each row, how many segments had come without a row by then */
  readonly #missing: number[] = [];
  readonly completeness: Completeness;

  /** `taken` are the rows of one socket, in the order of time. */
  constructor(taken: readonly ProgressSighting[]) {
    this.#taken = taken;
    const first = taken[0]?.row;
    let seen = 0;
    for (const [at, { row }] of taken.entries()) {
      if (at > 0) seen += row.segments;
      this.#missing.push(first ? counted(first, row) - seen : 0);
    }
    // While a process holds the socket, segments are counted at once and processed later. One that a later row does not lack was only
    // waiting.
    for (let at = this.#missing.length - 2; at >= 0; at--) this.#missing[at] = Math.min(this.#missing[at] ?? 0, this.#missing[at + 1] ?? 0);
    const least = this.#missing[0] ?? 0;
    for (const at of this.#missing.keys()) this.#missing[at] = (this.#missing[at] ?? 0) - least;
    this.completeness = { counted: seen + (this.#missing.at(-1) ?? 0), seen };
  }

  /** Segments that came without a row between the last row up to `from_ns` and the first from `until_ns` on; undefined: there are no such rows. */
  missingBetween(from_ns: number, until_ns: number): number | undefined {
    const before = placeFrom(this.#taken, from_ns, true) - 1;
    const after = placeFrom(this.#taken, until_ns);
    if (before < 0 || after >= this.#taken.length) return undefined;
    return (this.#missing[after] ?? 0) - (this.#missing[before] ?? 0);
  }
}

const counted = (first: Rows['progress'], row: Rows['progress']): number => (row.segs_in - first.segs_in + TURN) % TURN;
