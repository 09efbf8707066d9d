// What was held over time, as a table by the minute and a slope.
import type { Held } from './watched.ts';

/** `rows_per_s`: acknowledged, since the sample before. */
export type Sample = { at_ms: number; collector: Held | undefined; agent: Held | undefined; rows_per_s: number };
/** How much more an hour, and the standard error of that. */
export type Slope = { per_h: number; error: number };
/** Of the least memory in each sample, of the most, and of descriptors, over so many minutes. */
export type Slopes = { least_mib: Slope; most_mib: Slope; descriptors: Slope; minutes: number };

const HOUR_MS = 3_600_000;
const BAR = 30;

/** Over the samples from `from_ms` on; undefined where these are fewer than three. */
export function slopesOf(samples: readonly Sample[], who: 'collector' | 'agent', from_ms: number): Slopes | undefined {
  const later = samples.flatMap((sample) => (sample.at_ms >= from_ms && sample[who] ? [{ at_ms: sample.at_ms, ...sample[who] }] : []));
  const [first, last] = [later[0], later.at(-1)];
  if (later.length < 3 || !first || !last) return undefined;
  const slope = (figure: (held: Held) => number) => leastSquares(later.map((held) => [held.at_ms / HOUR_MS, figure(held)]));
  return {
    least_mib: slope(({ least_mib }) => least_mib),
    most_mib: slope(({ most_mib }) => most_mib),
    descriptors: slope(({ descriptors }) => descriptors),
    minutes: (last.at_ms - first.at_ms) / 60_000,
  };
}

function leastSquares(points: readonly (readonly [x: number, y: number])[]): Slope {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const sum = (term: (x: number, y: number) => number) => points.reduce((total, [x, y]) => total + term(x - x0, y - y0), 0);
  const across = sum((x) => x * x);
  const per_h = sum((x, y) => x * y) / across;
  const left = sum((x, y) => (y - per_h * x) ** 2);
  return { per_h, error: Math.sqrt(left / (points.length - 2) / across) };
}

export const HEAD = '  minute      rows/s   collector MiB   fds       agent MiB   fds';

/** One line of the curve: least and most memory. Its bar is the collector's, of a GiB. */
export function lineOf({ at_ms, rows_per_s, collector, agent }: Sample, began_ms: number): string {
  const cell = (value: number | undefined, width: number, digits = 0) => (value?.toFixed(digits) ?? '-').padStart(width);
  const range = (held: Held | undefined, width: number) => `${cell(held?.least_mib, width)}–${(held?.most_mib ?? 0).toFixed(0).padEnd(4)}`;
  const least = Math.round(((collector?.least_mib ?? 0) / 1024) * BAR);
  const most = Math.round(((collector?.most_mib ?? 0) / 1024) * BAR);
  return [
    cell((at_ms - began_ms) / 60_000, 8, 1),
    cell(rows_per_s, 12),
    range(collector, 11),
    cell(collector?.descriptors, 6),
    range(agent, 11),
    cell(agent?.descriptors, 6),
    `  ${'#'.repeat(least)}${'.'.repeat(most - least)}`,
  ].join('');
}

export function slopesText(who: string, slopes: Slopes | undefined): string {
  if (!slopes) return `${who}: too few samples after warm-up for a slope`;
  const text = ({ per_h, error }: Slope) => `${per_h < 0 ? '' : '+'}${per_h.toFixed(1)} ± ${error.toFixed(1)}`;
  const { least_mib, most_mib, descriptors, minutes } = slopes;
  return `${who}, an hour: ${text(least_mib)} MiB of what it always holds, ${text(most_mib)} MiB of the most, ${text(descriptors)} descriptors, over the last ${minutes.toFixed(0)} minutes`;
}
