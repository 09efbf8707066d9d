// The two times that are compared, and the table that answers both.
import type { DiffersQuery } from '../../../api/differs.ts';
import type { StoredFilter } from '../../language/condition.ts';
import type { Params } from '../../language/params.ts';
import { rowsTime, sourceOf, timesOf, type Window } from '../../queries/window.ts';
import { ExploreError, invalid } from '../plan.ts';

/** How many times longer the earlier time is, unless it is given: a short one may be a spike, and shows little of what is usual. */
const TIMES_LONGER = 4;
/** No coarser table than minutes: hours and days do not have all values. */
const COARSEST_S = 60;
const DAY_MS = 86_400_000;
const SPAN_MOST_MS = 8 * DAY_MS;

type Span = { from_ms: number; to_ms: number };
export type Spans = { now: Span; before: Span; source: Answers };
export type Answers = 'rows' | 'rollup_1m';

/**
 * The times; where minutes answer, both are widened to whole minutes.
 * @param isOfRows whether only rows have the metric
 * @throws ExploreError
 */
export function spansOf(asked: DiffersQuery, filter: StoredFilter, isOfRows: boolean, now_ms: number): Spans {
  const { to_ms, span_ms } = timesOf(asked, now_ms);
  const now = { from_ms: to_ms - span_ms, to_ms };
  const before = beforeOf(asked, now);
  const both_ms = span_ms + before.to_ms - before.from_ms;
  if (both_ms > SPAN_MOST_MS)
    throw new ExploreError('too_much', `both times together are at most ${SPAN_MOST_MS / DAY_MS} days: ask of a shorter time`);
  const isByRows = isOfRows || sourceOf(filter, both_ms, COARSEST_S) === 'rows';
  const spans: Spans = isByRows ? { now, before, source: 'rows' } : { ...wholeMinutes(now, before), source: 'rollup_1m' };
  if (spans.before.from_ms < spans.before.to_ms) return spans;
  throw invalid('there is no time before that one, or less than a minute of it: choose another');
}

function wholeMinutes(now: Span, before: Span): { now: Span; before: Span } {
  const begins = (ms: number) => Math.floor(ms / 60_000) * 60_000;
  const ends = (ms: number) => Math.ceil(ms / 60_000) * 60_000;
  const from_ms = begins(now.from_ms);
  return {
    now: { from_ms, to_ms: ends(now.to_ms) },
    before: { from_ms: begins(before.from_ms), to_ms: Math.min(from_ms, ends(before.to_ms)) },
  };
}

function beforeOf({ before_from, before_to }: DiffersQuery, { from_ms, to_ms }: Span): Span {
  if (before_from === undefined && before_to === undefined)
    return { from_ms: Math.max(0, from_ms - TIMES_LONGER * (to_ms - from_ms)), to_ms: from_ms };
  if (before_from === undefined || before_to === undefined) throw invalid('give both before_from and before_to, or none of them');
  if (before_from >= before_to) throw invalid('before_from must be before before_to');
  if (before_to > from_ms) throw invalid('the time before must be over when the other begins: before_to is after from');
  return { from_ms: before_from, to_ms: before_to };
}

/** @param params of the statement that the window is for */
export function windowOf({ from_ms, to_ms }: Span, source: Answers, filter: StoredFilter, params: Params): Window {
  const { step_s } = timesOf({ from: from_ms, to: to_ms }, to_ms);
  return { from_ms, to_ms, step_s, span_ms: to_ms - from_ms, source, filter, time: rowsTime(from_ms, to_ms), params };
}
