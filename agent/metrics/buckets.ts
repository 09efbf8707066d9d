// Buckets of histograms. Values are counted by one list of boundaries in microseconds, fine enough that the buckets of both export formats,
// exponential and explicit, are sums of these.
import { HISTOGRAMS } from './row-metrics.ts';

/** Each power of two has 2^SCALE exponential buckets, each 9 % wide. */
const SCALE = 3;
const PER_DOUBLING = 2 ** SCALE;
/** The first exponential bucket and the one after the last, in seconds: 1 µs to half a year. Values outside count in the outermost. */
const FIRST = -20 * PER_DOUBLING;
const LAST = 24 * PER_DOUBLING;
const US_PER_S = 1e6;

/** Upper bounds of the exponential buckets, rounded down: values are whole microseconds, so that changes no comparison. */
const ENDS_US = Array.from({ length: LAST - FIRST }, (_, at) => Math.floor(2 ** ((FIRST + at + 1) / PER_DOUBLING) * US_PER_S));
const toUs = (seconds: number) => Math.round(seconds * US_PER_S);
const EXPLICIT_US = Object.values(HISTOGRAMS).flatMap(({ boundaries_s }) => boundaries_s.map(toUs));

/** Ascending, in µs. Bucket n has values above bound n - 1 and up to bound n; the first has the zeros. */
export const BOUNDS_US: readonly number[] = [...new Set([0, ...ENDS_US.slice(0, -1), ...EXPLICIT_US])].sort((a, b) => a - b);

/** The exponential bucket of each bucket. */
const EXPONENTIAL = [...BOUNDS_US, Number.POSITIVE_INFINITY].map((most) => {
  const at = ENDS_US.findIndex((end) => end >= most);
  return at < 0 ? LAST - 1 : FIRST + at;
});

/** Counts by bucket of BOUNDS_US. `min` and `max` leave zeros out. All in µs. */
export type Counted = { sum: number; min: number; max: number; buckets: readonly (readonly [bucket: number, count: number])[] };

/** The same without zeros, for members in which 0 means unknown. */
export function known({ buckets, ...rest }: Counted): Counted {
  return { ...rest, buckets: buckets.filter(([bucket]) => bucket !== 0) };
}

/** The sum of the histograms of several groups, in the export formats. */
export class Histogram {
  count = 0;
  #zero = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  readonly #counts = new Float64Array(BOUNDS_US.length + 1);

  clear(): void {
    this.count = 0;
    this.#zero = 0;
    this.#sum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = 0;
    this.#counts.fill(0);
  }

  add({ sum, min, max, buckets }: Counted): void {
    this.#sum += sum;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
    for (const [bucket, count] of buckets) {
      this.count += count;
      if (bucket === 0) this.#zero += count;
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    }
  }

  /** In seconds. */
  explicit(boundaries_s: readonly number[]) {
    const boundaries = [...boundaries_s];
    const counts = new Array<number>(boundaries.length + 1).fill(0);
    for (const [bucket, count] of this.#filled()) {
      const at = boundaries.findIndex((boundary) => toUs(boundary) >= (BOUNDS_US[bucket] ?? Number.POSITIVE_INFINITY));
      const into = at < 0 ? boundaries.length : at;
      counts[into] = (counts[into] ?? 0) + count;
    }
    return { ...this.#base(), buckets: { boundaries, counts } };
  }

  /** In seconds. */
  exponential() {
    const counts = new Map<number, number>();
    for (const [bucket, count] of this.#filled()) {
      const into = EXPONENTIAL[bucket];
      if (bucket !== 0 && into !== undefined) counts.set(into, (counts.get(into) ?? 0) + count);
    }
    const offset = counts.size === 0 ? FIRST : Math.min(...counts.keys());
    const length = counts.size === 0 ? 0 : Math.max(...counts.keys()) - offset + 1;
    const bucketCounts = Array.from({ length }, (_, at) => counts.get(offset + at) ?? 0);
    const negative = { offset: 0, bucketCounts: [] as number[] };
    return { ...this.#base(), scale: SCALE, zeroCount: this.#zero, positive: { offset, bucketCounts }, negative };
  }

  *#filled(): Generator<readonly [bucket: number, count: number]> {
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) yield [bucket, count];
  }

  #base() {
    const min = this.#zero > 0 ? 0 : this.#min / US_PER_S;
    return { count: this.count, sum: this.#sum / US_PER_S, min, max: this.#max / US_PER_S };
  }
}
