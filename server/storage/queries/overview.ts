// Asks the store for the tiles and charts of the page Now. series.ts makes the answer.
import type { Overview } from '../../api.ts';
import { conditionOf, hostsOnly } from '../language/condition.ts';
import type { Store } from '../store.ts';
import { completenessWithin } from './accounts.ts';
import { cover } from './cover.ts';
import { scopeOf, seriesOf, tilesOf } from './series.ts';
import { stepOf, timeline } from './timeline.ts';
import { type Asked, boundsOf, momentText, stepsWithin, type Window, windowOf } from './window.ts';

/** A report shows that its agent was there for so many seconds before and after it; for longer where the sweeps are further apart. */
const REPORT_REACH_S = 15;
const REPORT_REACH_S_MAX = 120;
const HOUR_S = 3600;

/** @param now_ms the default end of what is asked */
export async function overview(store: Store, asked: Asked, now_ms: number): Promise<Overview> {
  const window = windowOf(asked, now_ms, 'steps');
  const ofHosts = conditionOf(hostsOnly(window.filter), 'namespace', 'rollup', window.params);
  const covered = await cover(store, window);
  const scope = scopeOf(window.filter);
  const [steps, reported, completeness] = await Promise.all([
    timeline(store, window, covered, scope),
    store.query<{ time_s: number }>(reportedSteps(ofHosts, window), window.params.values, reportedMost(window)),
    completenessWithin(store, window),
  ]);
  const { from_ms, to_ms, step_s, source } = window;
  const watched = new Set(reported.map(({ time_s }) => time_s));
  const series = seriesOf(steps, window, { watched, scope }, now_ms);
  const tiles = tilesOf(steps, series, window, { scope, watched: watched.size > 0, completeness });
  return { from_ms, to_ms, step_s, source, tiles, series };
}

/** The most steps with reports: those just outside of the range reach into it, and hours begin before it. */
const reportedMost = (window: Window) => stepsWithin(window) + Math.ceil((4 * REPORT_REACH_S_MAX) / window.step_s) + 2;

/** The steps in which an agent was there, whether or not anything happened. */
function reportedSteps(ofHosts: string, window: Window): string {
  const { step_s } = window;
  const { from_s, to_s } = boundsOf(window);
  const at = 'toUnixTimestamp(at)';
  const reach = `least(greatest(${REPORT_REACH_S}, intDiv(interval_ms * 3, 2000)), ${REPORT_REACH_S_MAX})`;
  const first = `intDiv(${at} - ${reach}, ${step_s}) * ${step_s}`;
  const [from_ms, to_ms] = [(from_s - REPORT_REACH_S_MAX) * 1000, (to_s + REPORT_REACH_S_MAX) * 1000];
  const host = `AND ${ofHosts}`;
  const hours = (hour: string) => `${hour} BETWEEN ${momentText(from_ms, HOUR_S)} AND ${momentText(to_ms, HOUR_S)}`;
  if (step_s >= HOUR_S) return `SELECT DISTINCT ${stepOf('hour', step_s)} AS time_s FROM report_1h WHERE ${hours('hour')} ${host}`;
  // Where steps are longer than a report reaches, only the step of the report counts.
  const steps =
    step_s > REPORT_REACH_S_MAX
      ? stepOf('at', step_s)
      : `toUInt32(arrayJoin(range(toUInt64(${first}), toUInt64(${at} + ${reach} + 1), ${step_s})))`;
  return `SELECT DISTINCT ${steps} AS time_s
FROM report
WHERE ${hours('toStartOfHour(at)')} AND at BETWEEN ${momentText(from_ms)} AND ${momentText(to_ms)} ${host}`;
}
