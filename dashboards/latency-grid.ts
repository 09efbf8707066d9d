// A distribution over time as a grid of steps and logarithmic buckets, and its numbers for sentences. Pure.
import { allOf } from '../agent/contract/language/write.ts';
import type { Explored } from '../server/api.ts';
import { type Cell, numberIn, recordsOf, timesOf, valuesOf } from './explore-answer.ts';
import { type MeasureName, measureOf } from './latency-view.ts';

/** Bucket b has the times in (2^(b/8), 2^((b+1)/8)] seconds. */
const PER_DOUBLING = 8;
export const bucketStart_us = (bucket: number): number => 2 ** (bucket / PER_DOUBLING) * 1e6;
export const bucketAt = (us: number): number => Math.ceil(Math.log2(us / 1e6) * PER_DOUBLING) - 1;
/** The position of a time on the axis, in buckets. */
export const placeOf = (us: number): number => Math.log2(us / 1e6) * PER_DOUBLING;
/** The bucket with this upper bound, as the API gives it. */
const bucketOf = (end_us: number): number => Math.round(placeOf(end_us)) - 1;

export type GridCell = { step: number; bucket: number; count: number };
export type Grid = {
  time_s: readonly number[];
  step_s: number;
  cells: readonly GridCell[];
  /** lowest and highest bucket of the axis */
  lowest: number;
  highest: number;
  /** largest count of a cell */
  most: number;
  p50_us: readonly (number | null)[];
  p99_us: readonly (number | null)[];
};

/** Least number of buckets on the axis: a factor of eight. */
const BUCKETS_LEAST = 24;

export function gridOf(answer: Explored, measure: MeasureName): Grid {
  const time_s = timesOf(answer);
  const stepOf = new Map(time_s.map((at_s, step) => [at_s, step]));
  const cells = recordsOf(answer).flatMap((row) => {
    const step = stepOf.get(numberIn(row['time_s']) ?? -1);
    return step === undefined ? [] : pairsOf(row[measure]).map(([end_us, count]) => ({ step, bucket: bucketOf(end_us), count }));
  });
  const buckets = cells.map(({ bucket }) => bucket);
  const [low, high] = cells.length === 0 ? [bucketAt(1000), bucketAt(1000)] : [Math.min(...buckets), Math.max(...buckets)];
  const more = Math.max(0, Math.ceil((BUCKETS_LEAST - (high - low)) / 2));
  return {
    time_s,
    step_s: answer.step_s ?? 1,
    cells,
    lowest: low - more,
    highest: high + more,
    most: Math.max(0, ...cells.map(({ count }) => count)),
    p50_us: valuesOf(answer, `${measure}_p50`),
    p99_us: valuesOf(answer, `${measure}_p99`),
  };
}

const pairsOf = (cell: Cell | undefined): [number, number][] => (Array.isArray(cell) ? (cell as [number, number][]) : []);

/** A filter for the connections in these buckets, both included. Rows have whole µs. */
export function bucketsFilter(measure: MeasureName, lowest: number, highest: number): string {
  const { field, rows } = measureOf(measure);
  const [from_us, to_us] = [bucketStart_us(lowest), bucketStart_us(highest + 1)].map(Math.floor);
  return allOf(rows, `${field} > ${from_us}us`, `${field} <= ${to_us}us`);
}

/** A bucket of the whole distribution. */
export type Bar = { bucket: number; count: number };
export const barsOf = (whole: Explored, measure: MeasureName): Bar[] =>
  pairsOf(recordsOf(whole)[0]?.[measure]).map(([end_us, count]) => ({ bucket: bucketOf(end_us), count }));

/** Durations that the kernel's timers produce, µs: they explain lines in the heatmap. */
export const MARKS = [
  {
    us: 40_000,
    label: '40 ms',
    meaning: 'an acknowledgement that was held back (delayed ACK), often with Nagle’s algorithm at the other end',
  },
  { us: 1_000_000, label: '1 s', meaning: 'a SYN or its answer was lost once' },
  {
    us: 3_000_000,
    label: '3 s',
    meaning: 'lost twice, where the timer doubles: a SYN-ACK, or a SYN before Linux 6.5; newer ones send SYNs each second at first',
  },
  { us: 7_000_000, label: '7 s', meaning: 'lost three times, as before' },
] as const;

/** Numbers of times at and above the steps of the SYN timer, by whole buckets: from 1 s, from 3 s and from 7 s. */
export function synStepsOf(bars: readonly Bar[]): { us: number; label: string; count: number }[] {
  return MARKS.slice(1).map(({ us, label }) => ({
    us,
    label,
    count: bars.reduce((sum, { bucket, count }) => (bucketStart_us(bucket + 1) > us ? sum + count : sum), 0),
  }));
}
