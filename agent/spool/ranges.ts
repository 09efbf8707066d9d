// A set of numbers as ranges: offsets of a segment whose batches are done, sequences of batches that wait. Batches are mostly done in order,
// so there are few ranges.

/** The first number, and the one after the last. */
export type Range = readonly [from: number, to: number];

export class Ranges {
  /** Ascending, neither overlapping nor adjacent. */
  readonly #ranges: [number, number][] = [];

  has(at: number): boolean {
    const range = this.#ranges[this.#lastFrom(at)];
    return range !== undefined && at < range[1];
  }

  add([from, to]: Range): void {
    if (from >= to) return;
    let index = this.#lastFrom(from);
    const before = this.#ranges[index];
    const merged: [number, number] = [from, to];
    if (before === undefined || before[1] < from) index++;
    else merged[0] = before[0];
    let end = index;
    for (let next = this.#ranges[end]; next !== undefined && next[0] <= to; next = this.#ranges[end]) {
      merged[1] = Math.max(merged[1], next[1]);
      end++;
    }
    this.#ranges.splice(index, end - index, merged);
  }

  remove([from, to]: Range): void {
    if (from >= to) return;
    const touched = this.#ranges.filter((range) => range[0] < to && from < range[1]);
    const [first] = touched;
    if (first === undefined) return;
    const left = touched.flatMap(([begin, end]): [number, number][] => [
      [begin, Math.min(end, from)],
      [Math.max(begin, to), end],
    ]);
    this.#ranges.splice(this.#ranges.indexOf(first), touched.length, ...left.filter(([begin, end]) => begin < end));
  }

  [Symbol.iterator](): Iterator<Range> {
    return this.#ranges[Symbol.iterator]();
  }

  /** Index of the last range that begins at or below `at`; −1 if none does. */
  #lastFrom(at: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[0] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
