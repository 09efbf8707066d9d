// What was held over time, as a table by the minute and a slope.
import type { Held } from './watched.ts';

export type Sample = { at_ms: number; collector: Held | undefined; agent: Held | undefined; rows: number };
export type Slope = { rss_mib_per_h: number; descriptors_per_h: number; minutes: number };

const HOUR_MS = 3_600_000;
const BAR = 30;

/** By least squares over the samples from `from_ms` on; undefined where these are fewer than three. */
export function slopeOf(samples: readonly Sample[], who: 'collector' | 'agent', from_ms: number): Slope | undefined {
  const later = samples.flatMap((sample) => (sample.at_ms >= from_ms && sample[who] ? [{ at_ms: sample.at_ms, ...sample[who] }] : []));
  const [first, last] = [later[0], later.at(-1)];
  if (later.length < 3 || !first || !last) return undefined;
  const per_h = (figure: (held: Held) => number) => leastSquares(later.map((held) => [held.at_ms, figure(held)])) * HOUR_MS;
  return {
    rss_mib_per_h: per_h(({ rss_mib }) => rss_mib),
    descriptors_per_h: per_h(({ descriptors }) => descriptors),
    minutes: (last.at_ms - first.at_ms) / 60_000,
  };
}

function leastSquares(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const sum = (term: (x: number, y: number) => number) => points.reduce((total, [x, y]) => total + term(x - x0, y - y0), 0);
  return sum((x, y) => x * y) / sum((x) => x * x);
}

export const HEAD = '  minute      rows/s   collector MiB   fds   agent MiB   fds';

/** One line of the curve; its bar is the collector's memory, of a GiB. */
export function lineOf(sample: Sample, before: Sample, began_ms: number): string {
  const rows_per_s = (sample.rows - before.rows) / ((sample.at_ms - before.at_ms) / 1000);
  const cell = (value: number | undefined, width: number, digits = 0) => (value?.toFixed(digits) ?? '-').padStart(width);
  const { collector, agent } = sample;
  const bar = '#'.repeat(Math.round(((collector?.rss_mib ?? 0) / 1024) * BAR));
  return [
    cell((sample.at_ms - began_ms) / 60_000, 8, 1),
    cell(rows_per_s, 12),
    cell(collector?.rss_mib, 16),
    cell(collector?.descriptors, 6),
    cell(agent?.rss_mib, 12),
    cell(agent?.descriptors, 6),
    `  ${bar}`,
  ].join('');
}

export function slopeText(who: string, slope: Slope | undefined): string {
  if (!slope) return `${who}: too few samples after warm-up for a slope`;
  const signed = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
  return `${who}: ${signed(slope.rss_mib_per_h)} MiB/h, ${signed(slope.descriptors_per_h)} descriptors/h, over the last ${slope.minutes.toFixed(0)} minutes`;
}
