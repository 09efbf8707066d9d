// Turns a question's range and filter into SQL: the tables that answer it, the steps, and the conditions.
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { quote } from '../columns.ts';
import { fewRows } from '../identity.ts';
import { conditionOf, EVERYTHING, isNarrow, placeOf, type StoredFilter } from '../language/condition.ts';
import { Params } from '../language/params.ts';

/** All lengths divide a day, so that steps begin at round times. */
export const STEPS_S: readonly number[] = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];
const POINTS_MAX = 180;
const DEFAULT_SPAN_MS = 15 * 60_000;
const SPAN_MAX_MS = POINTS_MAX * 86_400_000;

/** From finest to coarsest. */
export const SOURCES = ['rows', 'rollup_1m', 'rollup_1h', 'rollup_1d'] as const;
export type Source = (typeof SOURCES)[number];

/** For longer spans a coarser table is used: there would be too many rows, or too many minutes of many hosts. */
const SPAN_OF = { rollup_1m: 2 * 3_600_000, rollup_1h: 26 * 3_600_000, rollup_1d: 8 * 86_400_000 } as const;

/** A question's range, and the filter of its rows. */
export type Asked = { from?: number | undefined; to?: number | undefined; filter?: StoredFilter };

export type Times = {
  /** the start of the first step */
  from_ms: number;
  to_ms: number;
  step_s: number;
  /** length of the asked range, which may begin within the first step */
  span_ms: number;
};

export type Window = Times & {
  source: Source;
  filter: StoredFilter;
  /** condition over the time of rows */
  time: string;
  /** the values of all parameters in conditions so far */
  params: Params;
};

/** `from` and `to` default to the last 15 minutes; a step is the shortest that gives at most 180 points. */
export function timesOf(range: Omit<Asked, 'filter'>, now_ms: number): Times {
  const to_ms = Math.min(range.to ?? now_ms, now_ms);
  const wanted = Math.min(range.from ?? to_ms - DEFAULT_SPAN_MS, to_ms - 1000);
  const earliest = Math.max(0, wanted, to_ms - SPAN_MAX_MS);
  const span_ms = to_ms - earliest;
  const step_s = STEPS_S.find((step) => span_ms <= step * 1000 * POINTS_MAX) ?? 86_400;
  return { from_ms: Math.floor(earliest / 1000 / step_s) * step_s * 1000, to_ms, step_s, span_ms };
}

/** @param only `rows`: only rows can answer. `steps`: no source may be coarser than a step */
export function windowOf(asked: Asked, now_ms: number, only?: 'rows' | 'steps'): Window {
  const times = timesOf(asked, now_ms);
  const { filter = EVERYTHING } = asked;
  const coarsest_s = only === 'steps' ? times.step_s : Number.POSITIVE_INFINITY;
  const source = only === 'rows' ? 'rows' : sourceOf(filter, times.span_ms, coarsest_s);
  return { ...times, source, filter, time: rowsTime(times.from_ms, times.to_ms), params: new Params() };
}

/** @param coarsest_s length of the longest entries that can answer */
export function sourceOf(filter: StoredFilter, span_ms: number, coarsest_s: number): Source {
  const { place } = placeOf(filter);
  if (span_ms <= SPAN_OF.rollup_1m || place === 'rows') return 'rows';
  // In hours and days, a process or port may be in the entry for all others. So minutes answer as long as they can be read in time.
  if (span_ms <= (place === 'minutes' ? SPAN_OF.rollup_1d : SPAN_OF.rollup_1h) || coarsest_s < 3600) return 'rollup_1m';
  return span_ms <= SPAN_OF.rollup_1d || coarsest_s < 86_400 ? 'rollup_1h' : 'rollup_1d';
}

const FIVE_MINUTES_S = 300;

/**
 * A time as text for the engine, in UTC, with milliseconds. With `length_s`: the start of the piece of this length, in whole seconds.
 */
export function momentText(ms: number, length_s?: number): string {
  const at = length_s === undefined ? ms : ms - (ms % (length_s * 1000));
  const text = new Date(at).toISOString().replace('T', ' ');
  return quote(text.slice(0, (length_s === undefined ? 'YYYY-MM-DD hh:mm:ss.mmm' : 'YYYY-MM-DD hh:mm:ss').length));
}

/** The first second of a window, and the one after its last. */
export const boundsOf = ({ from_ms, to_ms }: Pick<Times, 'from_ms' | 'to_ms'>) => ({
  from_s: from_ms / 1000,
  to_s: Math.ceil(to_ms / 1000),
});

/** The most steps of an answer; the last one may be cut off. */
export const stepsWithin = ({ from_ms, to_ms, step_s }: Omit<Times, 'span_ms'>) => Math.ceil((to_ms - from_ms) / 1000 / step_s) + 1;

/**
 * The condition over the time of rows. It has the expression of the sorting key, so that only the pieces of five minutes in the range are
 * read. The times in it are text, since the engine plans function calls longer.
 */
export function rowsTime(from_ms: number, to_ms: number): string {
  return `toStartOfFiveMinutes(time_ns) BETWEEN ${momentText(from_ms, FIVE_MINUTES_S)} AND ${momentText(to_ms, FIVE_MINUTES_S)} AND time_ns >= ${momentText(from_ms)} AND time_ns < ${momentText(to_ms)}`;
}

/** The condition over the rows of a kind. */
export function whereOf({ time, filter, params }: Pick<Window, 'time' | 'filter' | 'params'>, kind: Kind): string {
  const condition = conditionOf(filter, kind, 'rows', params);
  return condition === 'true' ? time : `${time} AND ${condition}`;
}

/** For FROM: the rows of a window, each once. */
export function rowsOf(kind: Kind, window: Window): string {
  const where = whereOf(window, kind);
  return isNarrow(window.filter) ? fewRows(kind, where) : `${kind} FINAL WHERE ${where}`;
}
