// Covers a range by published days, hours and minutes, and by rows where none of these are published. No moment is covered twice.

import type { Queryable } from '../engine.ts';
import { type Figure, type FigureKind, kindsOf } from '../figures.ts';
import { conditionOf, joined } from '../language/condition.ts';
import { type Published, pairs, published } from '../published.ts';
import { publishedMinutes, type Span } from '../published-minutes.ts';
import { type RollupKey, rowsRolledUp } from '../rollup.ts';
import { rowsTime, type Source, type Window } from './window.ts';

export type Piece = Pick<Published, 'start_s' | 'version'>;
/** `minutes` are in rollup_1m and `stored`. `rest` is only in the rows. All are oldest first. */
export type Cover = { days: Piece[]; hours: Piece[]; minutes: Span[]; rest: Span[] };

const HOUR_S = 3600;
const DAY_S = 86_400;

/** @param published pieces and spans, oldest first. A piece that is only partly within [from, to) is left to finer pieces. */
export function coverOf(
  from_s: number,
  to_s: number,
  { days, hours, minutes }: { days: readonly Piece[]; hours: readonly Piece[]; minutes: readonly Span[] },
): Cover {
  const within = (length_s: number) => (piece: Piece) => piece.start_s >= from_s && piece.start_s + length_s <= to_s;
  const whole = days.filter(within(DAY_S));
  const covered = new Set(whole.map(({ start_s }) => start_s));
  const between = hours.filter(within(HOUR_S)).filter(({ start_s }) => !covered.has(start_s - (start_s % DAY_S)));
  const taken = [...whole.map(spanOf(DAY_S)), ...between.map(spanOf(HOUR_S))].sort(([a], [b]) => a - b);
  const left = outsideOf(taken, [from_s, to_s]);
  return {
    days: whole,
    hours: between,
    minutes: left.flatMap((span) => insideOf(minutes, span)),
    rest: left.flatMap((span) => outsideOf(minutes, span)),
  };
}

const spanOf =
  (length_s: number) =>
  ({ start_s }: Piece): Span => [start_s, start_s + length_s];

/** The parts of a span that are in one of the spans. */
function insideOf(spans: readonly Span[], [from_s, to_s]: Span): Span[] {
  return spans.map(([from, to]): Span => [Math.max(from, from_s), Math.min(to, to_s)]).filter(([from, to]) => from < to);
}

/** The parts of a span that are in none of the spans. @param spans in order, without overlaps */
function outsideOf(spans: readonly Span[], [from_s, to_s]: Span): Span[] {
  const found: Span[] = [];
  let at = from_s;
  for (const [from, to] of [...insideOf(spans, [from_s, to_s]), [to_s, to_s] as const]) {
    if (from > at) found.push([at, from]);
    at = to;
  }
  return found;
}

/** The cover of a window; undefined if rows alone answer it. */
export const cover = async (store: Queryable, window: Window): Promise<Cover | undefined> =>
  window.source === 'rows' ? undefined : coverBy(store, window, window.source);

/** The cover by `source` and the finer rollups. */
export async function coverBy(
  store: Queryable,
  { from_ms, to_ms }: Pick<Window, 'from_ms' | 'to_ms'>,
  source: Exclude<Source, 'rows'>,
): Promise<Cover> {
  const from_s = Math.floor(from_ms / 60_000) * 60;
  const to_s = Math.ceil(to_ms / 1000);
  const ask = (tier: '1h' | '1d', by: readonly Source[]) => (by.includes(source) ? published(store, tier, from_s, to_s) : []);
  const [days, hours, minutes] = await Promise.all([
    ask('1d', ['rollup_1d']),
    ask('1h', ['rollup_1h', 'rollup_1d']),
    publishedMinutes(store),
  ]);
  return coverOf(from_s, to_s, { days, hours, minutes });
}

const moment = (s: number) => `toDateTime(${s}, 'UTC')`;

/** A condition over a table with a `minute` whose sorting key begins with the hour. */
export function minutesWithin(spans: readonly Span[]): string {
  const conditions = spans.map(
    ([from, to]) =>
      `toStartOfHour(minute) BETWEEN toStartOfHour(${moment(from)}) AND ${moment(to - 1)} AND minute >= ${moment(from)} AND minute < ${moment(to)}`,
  );
  return conditions.length === 0 ? 'false' : conditions.map((condition) => `(${condition})`).join(' OR ');
}

/** The same condition over rows. */
export function rowsWithin(spans: readonly Span[]): string {
  return spans.length === 0 ? 'false' : spans.map(([from, to]) => `(${rowsTime(from * 1000, to * 1000)})`).join(' OR ');
}

/** The keys and figures that are needed; `rtt` is always there. */
export type Wanted = { keys: readonly RollupKey[]; figures: readonly Figure[] };

/**
 * A table expression over the cover: minute (the start of a piece), others, the keys, the figures and rtt. An entry has figures of several
 * kinds, while a filter may be true for some kinds only (listeners have no peers): figures of the other kinds are 0.
 */
export function rolledUp({ days, hours, minutes, rest }: Cover, { keys, figures }: Wanted, { filter, params }: Filtered): string {
  const conditionOn = (kind: FigureKind) => conditionOf(filter, kind, 'rollup', params);
  const of = (figure: Figure) => joined(kindsOf([figure]).map(conditionOn), 'OR');
  const wanted = [
    ...figures.map((name) => ({ name, condition: of(name), none: '0' })),
    { name: 'rtt', condition: conditionOn('sample'), none: NO_RTT },
  ];
  const all = joined(kindsOf([...figures, 'rolled_rows']).map(conditionOn), 'OR');
  const columns = [
    ...keys,
    ...wanted.map(({ name, condition, none }) => (condition === all ? name : `if(${condition}, r.${name}, ${none}) AS ${name}`)),
  ].join(', ');
  const and = all === 'true' ? '' : ` AND ${all}`;
  const parts: string[] = [];
  if (minutes.length > 0)
    parts.push(`SELECT minute, false AS others, ${columns} FROM rollup_1m AS r FINAL WHERE (${minutesWithin(minutes)})${and}`);
  for (const [table, pieces] of [
    ['rollup_1h', hours],
    ['rollup_1d', days],
  ] as const) {
    if (pieces.length > 0) parts.push(`SELECT start AS minute, others, ${columns} FROM ${table} AS r WHERE ${pairs(pieces)}${and}`);
  }
  // Without any published piece or rows this returns no entries, with the right types of columns.
  if (rest.length > 0 || parts.length === 0) {
    // Kinds without a wanted figure are read too: as in the minutes, an entry shows that the host was watched.
    const time = rowsWithin(rest);
    const rows = rowsRolledUp(keys, [...figures, 'rolled_rows'], (kind) => `(${time}) AND ${conditionOf(filter, kind, 'rows', params)}`);
    parts.push(`SELECT minute, false AS others, ${[...keys, ...figures, 'rtt'].join(', ')} FROM (${rows})`);
  }
  return `(${parts.join('\nUNION ALL ')})`;
}

/** The histogram of entries whose RTTs do not count. */
const NO_RTT = "CAST(map(), 'Map(Int16, UInt64)')";

type Filtered = Pick<Window, 'filter' | 'params'>;
