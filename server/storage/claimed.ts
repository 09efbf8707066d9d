// Which sequences of one agent's run, of one kind, have been claimed by any collector, as far back as anybody has asked.

/** Ranges kept: with several collectors taking turns nearly all of them join up. */
const RANGES_MAX = 1024;

export class Claimed {
  /** Of sequences below it, not all that are claimed are known. */
  known_from: number;
  /** Ascending, neither overlapping nor adjacent. */
  readonly #ranges: { first: number; last: number }[] = [];

  constructor(knownFrom: number) {
    this.known_from = knownFrom;
  }

  has(sequence: number): boolean {
    const range = this.#ranges.findLast(({ first }) => first <= sequence);
    return range !== undefined && sequence <= range.last;
  }

  /** Idempotent. */
  add(first: number, last: number): void {
    const at = this.#ranges.findLastIndex((range) => range.last < first - 1) + 1;
    let joined = { first, last };
    for (let next = this.#ranges[at]; next && next.first <= joined.last + 1; next = this.#ranges[at]) {
      joined = { first: Math.min(joined.first, next.first), last: Math.max(joined.last, next.last) };
      this.#ranges.splice(at, 1);
    }
    this.#ranges.splice(at, 0, joined);
  }

  /** Forgets the lowest half of what is more than a few: they have to be looked up again. */
  trim(): void {
    if (this.#ranges.length <= RANGES_MAX) return;
    const forgotten = this.#ranges.splice(0, this.#ranges.length / 2);
    this.known_from = Math.max(this.known_from, (forgotten.at(-1)?.last ?? 0) + 1);
  }
}

/** Consecutive sequences as ranges, none longer than `lengthMax`. @param sequences in any order */
export function rangesOf(sequences: Iterable<number>, lengthMax: number): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = [];
  for (const sequence of [...new Set(sequences)].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range && range.last === sequence - 1 && sequence - range.first < lengthMax) range.last = sequence;
    else ranges.push({ first: sequence, last: sequence });
  }
  return ranges;
}
