// A question's range as SQL: which tables answer it, in which steps, under which conditions.
import type { Range } from '../../api.ts';
import { SERVICE_PORT } from '../figures.ts';

/** Steps are whole divisors of a day, so that they start where people expect them to. */
const STEPS_S = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];
const POINTS_MAX = 180;
const DEFAULT_SPAN_MS = 15 * 60_000;
const SPAN_MAX_MS = POINTS_MAX * 86_400_000;

/** From finest to coarsest. */
export const SOURCES = ['rows', 'rollup_1m', 'rollup_1h', 'rollup_1d'] as const;
export type Source = (typeof SOURCES)[number];

/** Above these spans a coarser table answers: rows are many, and minutes of many hosts as well. */
const SPAN_OF = { rollup_1m: 2 * 3_600_000, rollup_1h: 26 * 3_600_000, rollup_1d: 8 * 86_400_000 } as const;

export type Window = {
  /** the start of the first step */
  from_ms: number;
  to_ms: number;
  step_s: number;
  source: Source;
  /** conditions over the source's tables, for WHERE, without the time's */
  filters: string;
  /** the time's condition over rows */
  where: string;
  params: Record<string, unknown>;
};

/**
 * `from` and `to` default to the last 15 minutes; a step is the shortest that gives at most 180 points.
 * @param only `rows`: for questions about rows. `steps`: no source may be coarser than a step
 */
export function windowOf(range: Range, now_ms: number, only?: 'rows' | 'steps'): Window {
  const to_ms = Math.min(range.to ?? now_ms, now_ms);
  const wanted = Math.min(range.from ?? to_ms - DEFAULT_SPAN_MS, to_ms - 1000);
  const earliest = Math.max(0, wanted, to_ms - SPAN_MAX_MS);
  const span_ms = to_ms - earliest;
  const step_s = STEPS_S.find((step) => span_ms <= step * 1000 * POINTS_MAX) ?? 86_400;
  const from_ms = Math.floor(earliest / 1000 / step_s) * step_s * 1000;
  const source = only === 'rows' ? 'rows' : sourceOf(range, span_ms, only === 'steps' ? step_s : Number.POSITIVE_INFINITY);
  const filters = filtersOf(range, source);
  const where = filters === '' ? ROWS_TIME : `${ROWS_TIME} AND ${filters}`;
  return { from_ms, to_ms, step_s, source, filters, where, params: { ...range, from_ms, to_ms } };
}

function sourceOf({ peer_addr, comm, port }: Range, span_ms: number, step_s: number): Source {
  // An exact peer is in no rollup: they know its network only.
  if (span_ms <= SPAN_OF.rollup_1m || peer_addr !== undefined) return 'rows';
  // One process or port may be among an hour's others, where nobody finds it: minutes, as long as they can be read in time.
  const one = comm !== undefined || port !== undefined;
  if (span_ms <= (one ? SPAN_OF.rollup_1d : SPAN_OF.rollup_1h) || step_s < 3600) return 'rollup_1m';
  return span_ms <= SPAN_OF.rollup_1d || step_s < 86_400 ? 'rollup_1h' : 'rollup_1d';
}

const FROM = "fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC')";
const TO = "fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')";

/** Repeats the sorting key's expression, so that only the five-minute pieces in range are read. */
const ROWS_TIME = `toStartOfFiveMinutes(time_ns) BETWEEN toStartOfFiveMinutes(${FROM}) AND toStartOfFiveMinutes(${TO}) AND time_ns >= ${FROM} AND time_ns < ${TO}`;

function filtersOf(range: Range, source: Source): string {
  const port = source === 'rows' ? SERVICE_PORT : 'service_port';
  const conditions: string[] = [];
  if (range.host_id !== undefined) conditions.push('host_id = {host_id:UInt64}');
  if (range.comm !== undefined) conditions.push('comm = {comm:String}');
  if (range.peer_addr !== undefined) conditions.push('peer_addr = toIPv6OrNull({peer_addr:String})');
  if (range.port !== undefined) conditions.push(`${port} = {port:UInt16}`);
  return conditions.join(' AND ');
}
