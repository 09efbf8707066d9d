// Turns a question's range into SQL: the tables that answer it, the steps, and the conditions.
import type { Range } from '../../api.ts';
import { quote } from '../columns.ts';
import { SERVICE_PORT } from '../figures.ts';
import { fewRows } from '../identity.ts';

/** Each step divides a day evenly, so that steps start at round times. */
const STEPS_S = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];
const POINTS_MAX = 180;
const DEFAULT_SPAN_MS = 15 * 60_000;
const SPAN_MAX_MS = POINTS_MAX * 86_400_000;

/** From finest to coarsest. */
export const SOURCES = ['rows', 'rollup_1m', 'rollup_1h', 'rollup_1d'] as const;
export type Source = (typeof SOURCES)[number];

/** Over longer spans than these a coarser table answers, since there would be too many rows, or too many minutes of many hosts. */
const SPAN_OF = { rollup_1m: 2 * 3_600_000, rollup_1h: 26 * 3_600_000, rollup_1d: 8 * 86_400_000 } as const;

export type Window = {
  /** the start of the first step */
  from_ms: number;
  to_ms: number;
  step_s: number;
  source: Source;
  /** conditions over the source's tables, without that over the time */
  filters: string;
  /** over rows: the condition over the time; `where` has the filters too */
  time: string;
  where: string;
  /** the values of the filters */
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
  const time = rowsTime(from_ms, to_ms);
  const where = filters === '' ? time : `${time} AND ${filters}`;
  const { host_id, comm, peer_addr, port } = range;
  return { from_ms, to_ms, step_s, source, filters, time, where, params: { host_id, comm, peer_addr, port } };
}

function sourceOf({ peer_addr, comm, port }: Range, span_ms: number, step_s: number): Source {
  // No rollup has the exact peer, only its network.
  if (span_ms <= SPAN_OF.rollup_1m || peer_addr !== undefined) return 'rows';
  // In an hour, one process or port may be part of the entry for all others. So minutes answer, for as long as they can be read in time.
  const one = comm !== undefined || port !== undefined;
  if (span_ms <= (one ? SPAN_OF.rollup_1d : SPAN_OF.rollup_1h) || step_s < 3600) return 'rollup_1m';
  return span_ms <= SPAN_OF.rollup_1d || step_s < 86_400 ? 'rollup_1h' : 'rollup_1d';
}

const FIVE_MINUTES_S = 300;

/**
 * A time as the engine reads it, in UTC, with milliseconds. With `length_s` it is the start of the piece of that length, in whole seconds.
 */
export function momentText(ms: number, length_s?: number): string {
  const at = length_s === undefined ? ms : ms - (ms % (length_s * 1000));
  const text = new Date(at).toISOString().replace('T', ' ');
  return quote(text.slice(0, (length_s === undefined ? 'YYYY-MM-DD hh:mm:ss.mmm' : 'YYYY-MM-DD hh:mm:ss').length));
}

/** The first second of a window, and the one after its last. */
export const boundsOf = ({ from_ms, to_ms }: Pick<Window, 'from_ms' | 'to_ms'>) => ({
  from_s: from_ms / 1000,
  to_s: Math.ceil(to_ms / 1000),
});

/** The most steps of an answer; the last one may be cut off. */
export const stepsWithin = ({ from_ms, to_ms, step_s }: Pick<Window, 'from_ms' | 'to_ms' | 'step_s'>) =>
  Math.ceil((to_ms - from_ms) / 1000 / step_s) + 1;

/**
 * The condition over the time of rows. It has the expression of the sorting key, so that only the pieces of five minutes in the range are
 * read. The times in it are text, since the engine plans function calls longer.
 */
export function rowsTime(from_ms: number, to_ms: number): string {
  return `toStartOfFiveMinutes(time_ns) BETWEEN ${momentText(from_ms, FIVE_MINUTES_S)} AND ${momentText(to_ms, FIVE_MINUTES_S)} AND time_ns >= ${momentText(from_ms)} AND time_ns < ${momentText(to_ms)}`;
}

/** For FROM: the rows of a window, each once. Rows of one peer are few. */
export const rowsOf = (kind: string, { where, params }: Pick<Window, 'where' | 'params'>): string =>
  params['peer_addr'] === undefined ? `${kind} FINAL WHERE ${where}` : fewRows(kind, where);

function filtersOf(range: Range, source: Source): string {
  const port = source === 'rows' ? SERVICE_PORT : 'service_port';
  const conditions: string[] = [];
  if (range.host_id !== undefined) conditions.push('host_id = {host_id:UInt64}');
  if (range.comm !== undefined) conditions.push('comm = {comm:String}');
  if (range.peer_addr !== undefined) conditions.push('peer_addr = toIPv6OrNull({peer_addr:String})');
  if (range.port !== undefined) conditions.push(`${port} = {port:UInt16}`);
  return conditions.join(' AND ');
}
