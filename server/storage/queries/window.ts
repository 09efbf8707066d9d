// A question's range as SQL: which table answers it, in which steps, under which conditions.
import type { Range } from '../../api.ts';
import { SERVICE_PORT } from '../figures.ts';

/** Steps are whole divisors of a day, so that they start where people expect them to. */
const STEPS_S = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];
const POINTS_MAX = 180;
const DEFAULT_SPAN_MS = 15 * 60_000;
/** Above it the rollup answers. */
const ROWS_SPAN_MAX_MS = 2 * 3_600_000;
const SPAN_MAX_MS = POINTS_MAX * 86_400_000;

export type Window = {
  /** the start of the first step */
  from_ms: number;
  to_ms: number;
  step_s: number;
  source: 'rows' | 'rollup_1m';
  /** conditions over the source's tables, for WHERE */
  where: string;
  params: Record<string, unknown>;
};

/**
 * `from` and `to` default to the last 15 minutes; a step is the shortest that gives at most 180 points.
 * @param only the one source that will do, for questions about rows
 */
export function windowOf(range: Range, now_ms: number, only?: Window['source']): Window {
  const to_ms = Math.min(range.to ?? now_ms, now_ms);
  const wanted = Math.min(range.from ?? to_ms - DEFAULT_SPAN_MS, to_ms - 1000);
  const earliest = Math.max(0, wanted, to_ms - SPAN_MAX_MS);
  const span_ms = to_ms - earliest;
  // An exact peer is not in the rollup, which knows its network only.
  const source = only ?? (span_ms > ROWS_SPAN_MAX_MS && range.peer_addr === undefined ? 'rollup_1m' : 'rows');
  const step_s = STEPS_S.find((step) => span_ms <= step * 1000 * POINTS_MAX) ?? 86_400;
  const from_ms = Math.floor(earliest / 1000 / step_s) * step_s * 1000;
  const conditions = [source === 'rows' ? ROWS_TIME : ROLLUP_TIME, ...filters(range, source)];
  return { from_ms, to_ms, step_s, source, where: conditions.join(' AND '), params: { ...range, from_ms, to_ms } };
}

const FROM = "fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC')";
const TO = "fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')";

/** Repeats the sorting key's expression, so that only the five-minute pieces in range are read. */
const ROWS_TIME = `toStartOfFiveMinutes(time_ns) BETWEEN toStartOfFiveMinutes(${FROM}) AND toStartOfFiveMinutes(${TO}) AND time_ns >= ${FROM} AND time_ns < ${TO}`;
const ROLLUP_TIME = `toStartOfHour(minute) BETWEEN toStartOfHour(${FROM}) AND toStartOfHour(${TO}) AND minute >= ${FROM} AND minute < ${TO}`;

function filters(range: Range, source: Window['source']): string[] {
  const port = source === 'rows' ? SERVICE_PORT : 'service_port';
  const conditions: string[] = [];
  if (range.host_id !== undefined) conditions.push('host_id = {host_id:UInt64}');
  if (range.comm !== undefined) conditions.push('comm = {comm:String}');
  if (range.peer_addr !== undefined) conditions.push('peer_addr = toIPv6OrNull({peer_addr:String})');
  if (range.port !== undefined) conditions.push(`${port} = {port:UInt16}`);
  return conditions;
}
