// A chart in one sentence, for people who cannot see it.
import { formatWhen } from '../format.ts';
import type { ChartSeries } from './chart-series.ts';

type Point = { value: number; at: number };

/** For each series `opened: latest 12/s, highest 40/s at 03:07:20.` @param time_s starts of steps */
export function summarize(series: readonly ChartSeries[], time_s: readonly number[], format: (value: number) => string): string {
  const said = series.flatMap(({ label, values }) => {
    const highest = highestOf(values);
    const latest = values.findLast((value) => value !== null);
    if (!highest || latest === undefined || latest === null) return [];
    if (highest.value === 0) return [`${label}: 0 all the time.`];
    const when = formatWhen((time_s[highest.at] ?? 0) * 1000, Date.now());
    return [`${label}: latest ${format(latest)}, highest ${format(highest.value)} at ${when}.`];
  });
  return said.length > 0 ? said.join(' ') : 'Nothing was measured in this range.';
}

function highestOf(values: ChartSeries['values']): Point | null {
  let highest: Point | null = null;
  for (const [at, value] of values.entries()) {
    if (value !== null && (highest === null || value > highest.value)) highest = { value, at };
  }
  return highest;
}
