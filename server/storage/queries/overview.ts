// The Now page's tiles and charts: what is asked of the store. series.ts makes the answer.
import type { Overview, Range } from '../../api.ts';
import { DATA_RETRANS } from '../figures.ts';
import type { Store } from '../store.ts';
import { accountOf, completenessOf } from './accounts.ts';
import { type Cover, cover } from './cover.ts';
import { figuresBy, RTT_QUANTILES, toldBy } from './figures-by.ts';
import { type Scope, type Step, scopeOf, seriesOf, shownFigures, tilesOf } from './series.ts';
import { type Window, windowOf } from './window.ts';

/** Agents sweep every 10 s: a finer step looks this far back for sampled figures, else every other step would be a gap. */
const SWEEP_S = 10;

/** A report says that its agent was there for this long before and after it, s; for longer where its sweeps are further apart. */
const REPORT_REACH_S = 15;
const REPORT_REACH_S_MAX = 120;
const HOUR_S = 3600;

/** @param now_ms the range's default end */
export async function overview(store: Store, range: Range, now_ms: number): Promise<Overview> {
  const window = windowOf(range, now_ms, 'steps');
  const covered = await cover(store, window);
  const bounds = { from_s: window.from_ms / 1000, to_s: Math.ceil(window.to_ms / 1000), step_s: window.step_s };
  const params = { ...window.params, ...bounds };
  const scope = scopeOf(range);
  const [steps, reported, account] = await Promise.all([
    store.query<Step>(timeline(window, covered, scope), params),
    store.query<{ time_s: number }>(reportedSteps(range, window.step_s), params),
    accountOf(store, range, now_ms),
  ]);
  const { from_ms, to_ms, step_s, source } = window;
  const watched = new Set(reported.map(({ time_s }) => time_s));
  return {
    from_ms,
    to_ms,
    step_s,
    source,
    tiles: tilesOf(steps, { span_s: (to_ms - from_ms) / 1000, scope, watched: watched.size > 0, completeness: completenessOf(account) }),
    series: seriesOf(steps, window, { watched, scope }, now_ms),
  };
}

const stepOf = (time: string) => `toUInt32(intDiv(toUnixTimestamp(${time}), {step_s:UInt32}) * {step_s:UInt32})`;

function timeline(window: Window, covered: Cover | undefined, scope: Scope): string {
  const shown = shownFigures(scope);
  const lookBack_s = window.step_s < 2 * SWEEP_S ? SWEEP_S : 0;
  const recent = `(ORDER BY time_s RANGE BETWEEN ${lookBack_s} PRECEDING AND CURRENT ROW)`;
  const perStep = figuresBy({ time_s: { rows: stepOf('time_ns'), rollup: stepOf('minute') } }, shown, window, covered);
  return `SELECT time_s, ${shown.join(', ')}, rows,
  sum(${DATA_RETRANS}) OVER ${recent} AS recent_data_retrans,
  sum(data_segs_out) OVER ${recent} AS recent_data_segs_out,
  ${RTT_QUANTILES[toldBy(window)](recent)} AS recent_rtt,
  ${RTT_QUANTILES[toldBy(window)]('()')} AS range_rtt
FROM (${perStep}
ORDER BY time_s WITH FILL FROM {from_s:UInt32} TO {to_s:UInt32} STEP {step_s:UInt32})
ORDER BY time_s`;
}

/** Steps in which an agent was there to see, whether or not anything happened. */
function reportedSteps(range: Range, step_s: number): string {
  const at = 'toUnixTimestamp(at)';
  const reach = `least(greatest(${REPORT_REACH_S}, intDiv(interval_ms * 3, 2000)), ${REPORT_REACH_S_MAX})`;
  const first = `intDiv(${at} - ${reach}, {step_s:UInt32}) * {step_s:UInt32}`;
  const moment = (s: string) => `toDateTime(${s}, 'UTC')`;
  const [from, to] = [moment(`{from_s:UInt32} - ${REPORT_REACH_S_MAX}`), moment(`{to_s:UInt32} + ${REPORT_REACH_S_MAX}`)];
  const host = range.host_id === undefined ? '' : 'AND host_id = {host_id:UInt64}';
  if (step_s >= HOUR_S) {
    return `SELECT DISTINCT ${stepOf('hour')} AS time_s FROM report_1h WHERE hour BETWEEN toStartOfHour(${from}) AND ${to} ${host}`;
  }
  // Where steps are longer than agents reach, a step without a report of its own has no other's either.
  const steps =
    step_s > REPORT_REACH_S_MAX
      ? stepOf('at')
      : `toUInt32(arrayJoin(range(toUInt64(${first}), toUInt64(${at} + ${reach} + 1), {step_s:UInt32})))`;
  return `SELECT DISTINCT ${steps} AS time_s
FROM report
WHERE toStartOfHour(at) BETWEEN toStartOfHour(${from}) AND toStartOfHour(${to}) AND at BETWEEN ${from} AND ${to}
  ${host}`;
}
