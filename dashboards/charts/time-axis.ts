import { formatClock, formatClockMs } from '../format.ts';

const HOUR_S = 3600;
const DAY_S = 86_400;

/** Distances between labels that are easy to count in. */
export const TIME_STEPS_S: readonly number[] = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800],
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_S),
  ...[1, 2, 7, 14, 30].map((days) => days * DAY_S),
];

/** Labels for times in s: with seconds or ms for short steps, with the date where a day begins. */
export function timeLabels(splits: readonly number[], step_s: number): string[] {
  return splits.map((time_s, at) => {
    const clock = formatClock(time_s * 1000);
    if (step_s < 1) return formatClockMs(time_s * 1000).slice('00:'.length);
    if (step_s < 60) return clock;
    const date = new Date(time_s * 1000);
    const before = splits[at - 1];
    const newDay = before !== undefined && new Date(before * 1000).getDate() !== date.getDate();
    if (newDay || step_s >= DAY_S) return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
    return clock.slice(0, 5);
  });
}
