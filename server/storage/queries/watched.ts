// The steps of a window in which an agent of its hosts reported, whether or not anything happened.

import type { Queryable } from '../engine.ts';
import { conditionOf, hostsOnly } from '../language/condition.ts';
import { stepOf } from './timeline.ts';
import { boundsOf, momentText, stepsWithin, type Window } from './window.ts';

/**
 * A report shows that the agent ran for so many seconds before and after it; if its sweeps are further apart, for 1.5 intervals of sweeps.
 */
const REPORT_REACH_S = 15;
const REPORT_REACH_S_MAX = 120;
const HOUR_S = 3600;

/** Starts of the watched steps, s. */
export async function watchedSteps(store: Queryable, window: Window): Promise<ReadonlySet<number>> {
  const rows = await store.query<{ time_s: number }>(reportedSteps(window), window.params.values, reportedMost(window));
  return new Set(rows.map(({ time_s }) => time_s));
}

/** Total length of these steps within the window, s. */
export function secondsOf(watched: ReadonlySet<number>, { from_ms, to_ms, step_s }: Window): number {
  const [from_s, to_s] = [from_ms / 1000, to_ms / 1000];
  const lengths = [...watched].map((time_s) => Math.max(0, Math.min(time_s + step_s, to_s) - Math.max(time_s, from_s)));
  return lengths.reduce((sum, length_s) => sum + length_s, 0);
}

/** Limit of steps in an answer: reports shortly before and after the range, and the first hour, add some. */
const reportedMost = (window: Window) => stepsWithin(window) + Math.ceil((4 * REPORT_REACH_S_MAX) / window.step_s) + 2;

function reportedSteps(window: Window): string {
  const { step_s } = window;
  const { from_s, to_s } = boundsOf(window);
  const at = 'toUnixTimestamp(at)';
  const reach = `least(greatest(${REPORT_REACH_S}, intDiv(interval_ms * 3, 2000)), ${REPORT_REACH_S_MAX})`;
  const first = `intDiv(${at} - ${reach}, ${step_s}) * ${step_s}`;
  const [from_ms, to_ms] = [(from_s - REPORT_REACH_S_MAX) * 1000, (to_s + REPORT_REACH_S_MAX) * 1000];
  const host = `AND ${conditionOf(hostsOnly(window.filter), 'namespace', 'rollup', window.params)}`;
  const hours = (hour: string) => `${hour} BETWEEN ${momentText(from_ms, HOUR_S)} AND ${momentText(to_ms, HOUR_S)}`;
  if (step_s >= HOUR_S) return `SELECT DISTINCT ${stepOf('hour', step_s)} AS time_s FROM report_1h WHERE ${hours('hour')} ${host}`;
  // If steps are longer than a report's reach, only the step of the report counts.
  const steps =
    step_s > REPORT_REACH_S_MAX
      ? stepOf('at', step_s)
      : `toUInt32(arrayJoin(range(toUInt64(${first}), toUInt64(${at} + ${reach} + 1), ${step_s})))`;
  return `SELECT DISTINCT ${steps} AS time_s
FROM report
WHERE ${hours('toStartOfHour(at)')} AND at BETWEEN ${momentText(from_ms)} AND ${momentText(to_ms)} ${host}`;
}
