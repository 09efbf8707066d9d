// The Now page's tiles and charts: what is asked of the store. series.ts makes the answer.
import type { Overview, Range } from '../../api.ts';
import { DATA_RETRANS, FIGURE_NAMES } from '../figures.ts';
import type { Store } from '../store.ts';
import { completenessOf, sumAccounts } from './accounts.ts';
import { figuresBy, RTT_QUANTILES } from './figures-by.ts';
import { type Step, scopeOf, seriesOf, tilesOf } from './series.ts';
import { type Window, windowOf } from './window.ts';

/** Agents sweep every 10 s: a finer step looks this far back for sampled figures, else every other step would be a gap. */
const SWEEP_S = 10;

/** A report says that its agent was there for this long before and after it, s. */
const REPORT_REACH_S = 15;

/** @param now_ms the range's default end */
export async function overview(store: Store, range: Range, now_ms: number): Promise<Overview> {
  const window = windowOf(range, now_ms);
  const bounds = { from_s: window.from_ms / 1000, to_s: Math.ceil(window.to_ms / 1000), step_s: window.step_s };
  const params = { ...window.params, ...bounds };
  const [steps, reported, account] = await Promise.all([
    store.query<Step>(timeline(window), params),
    store.query<{ time_s: number }>(reportedSteps(range), params),
    sumAccounts(store, range.host_id),
  ]);
  const { from_ms, to_ms, step_s, source } = window;
  const scope = scopeOf(range);
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

function timeline(window: Window): string {
  const lookBack_s = window.step_s < 2 * SWEEP_S ? SWEEP_S : 0;
  const recent = `(ORDER BY time_s RANGE BETWEEN ${lookBack_s} PRECEDING AND CURRENT ROW)`;
  const perStep = figuresBy({ time_s: { rows: stepOf('time_ns'), rollup_1m: stepOf('minute') } }, window);
  return `SELECT time_s, ${FIGURE_NAMES.join(', ')}, rows,
  sum(${DATA_RETRANS}) OVER ${recent} AS recent_data_retrans,
  sum(data_segs_out) OVER ${recent} AS recent_data_segs_out,
  ${RTT_QUANTILES[window.source](recent)} AS recent_rtt,
  ${RTT_QUANTILES[window.source]('()')} AS range_rtt
FROM (${perStep}
ORDER BY time_s WITH FILL FROM {from_s:UInt32} TO {to_s:UInt32} STEP {step_s:UInt32})
ORDER BY time_s`;
}

/** Steps in which an agent was there to see, whether or not anything happened. */
function reportedSteps(range: Range): string {
  const at = 'toUnixTimestamp(at)';
  const first = `intDiv(${at} - ${REPORT_REACH_S}, {step_s:UInt32}) * {step_s:UInt32}`;
  return `SELECT DISTINCT toUInt32(arrayJoin(range(toUInt64(${first}), toUInt64(${at} + ${REPORT_REACH_S} + 1), {step_s:UInt32}))) AS time_s
FROM account_history
WHERE toStartOfHour(at) BETWEEN toStartOfHour(toDateTime({from_s:UInt32} - ${REPORT_REACH_S}, 'UTC')) AND toStartOfHour(toDateTime({to_s:UInt32} + ${REPORT_REACH_S}, 'UTC'))
  AND toUnixTimestamp(at) BETWEEN {from_s:UInt32} - ${REPORT_REACH_S} AND {to_s:UInt32} + ${REPORT_REACH_S}
  ${range.host_id === undefined ? '' : 'AND host_id = {host_id:UInt64}'}`;
}
