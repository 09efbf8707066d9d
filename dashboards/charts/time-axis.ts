import { formatClock } from '../format.ts';

const DAY_S = 86_400;

/** Axis labels for times in s: with seconds where steps are shorter than a minute, the date where a day begins. */
export function timeLabels(splits: readonly number[], step_s: number): string[] {
  return splits.map((time_s, at) => {
    const clock = formatClock(time_s * 1000);
    if (step_s < 60) return clock;
    const date = new Date(time_s * 1000);
    const before = splits[at - 1];
    const newDay = before !== undefined && new Date(before * 1000).getDate() !== date.getDate();
    if (newDay || step_s >= DAY_S) return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
    return clock.slice(0, 5);
  });
}
