// Which published days and hours a range is answered from, and which minutes are left for rollup_1m: every moment once.
import { type Published, pairs, published } from '../published.ts';
import type { Store } from '../store.ts';
import type { Source, Window } from './window.ts';

export type Piece = Pick<Published, 'start_s' | 'version'>;
export type Cover = { days: Piece[]; hours: Piece[] /** [from, to) in s, oldest first */; rest: [from_s: number, to_s: number][] };

const HOUR_S = 3600;
const DAY_S = 86_400;

/** @param days and hours that are published, oldest first. A piece that is not wholly within [from, to) is left to a finer one. */
export function coverOf(from_s: number, to_s: number, days: readonly Piece[], hours: readonly Piece[]): Cover {
  const within = (length_s: number) => (piece: Piece) => piece.start_s >= from_s && piece.start_s + length_s <= to_s;
  const whole = days.filter(within(DAY_S));
  const covered = new Set(whole.map(({ start_s }) => start_s));
  const between = hours.filter(within(HOUR_S)).filter(({ start_s }) => !covered.has(start_s - (start_s % DAY_S)));
  const taken = [
    ...whole.map(({ start_s }) => [start_s, start_s + DAY_S] as const),
    ...between.map(({ start_s }) => [start_s, start_s + HOUR_S] as const),
  ].sort(([a], [b]) => a - b);
  const rest: Cover['rest'] = [];
  let at = from_s;
  for (const [from, to] of [...taken, [to_s, to_s] as const]) {
    if (from > at) rest.push([at, from]);
    at = to;
  }
  return { days: whole, hours: between, rest };
}

/** Of a rollup's window; of one that rows answer, undefined. */
export async function cover(store: Pick<Store, 'query'>, { source, from_ms, to_ms }: Window): Promise<Cover | undefined> {
  if (source === 'rows') return undefined;
  const from_s = Math.floor(from_ms / 60_000) * 60;
  const to_s = Math.ceil(to_ms / 1000);
  const ask = (tier: '1h' | '1d', by: readonly Source[]) => (by.includes(source) ? published(store, tier, from_s, to_s) : []);
  const [days, hours] = await Promise.all([ask('1d', ['rollup_1d']), ask('1h', ['rollup_1h', 'rollup_1d'])]);
  return coverOf(from_s, to_s, days, hours);
}

const moment = (s: number) => `toDateTime(${s}, 'UTC')`;

/** Over a table with a `minute`, sorted by its hour first. */
export function minutesWithin(rest: Cover['rest']): string {
  const spans = rest.map(
    ([from, to]) =>
      `toStartOfHour(minute) BETWEEN toStartOfHour(${moment(from)}) AND ${moment(to - 1)} AND minute >= ${moment(from)} AND minute < ${moment(to)}`,
  );
  return spans.length === 0 ? 'false' : spans.map((span) => `(${span})`).join(' OR ');
}

/** A table expression: the rollup's columns over what is covered, `minute` being the start of each piece. `columns`: beside its time and `others`. */
export function rolledUp({ days, hours, rest }: Cover, columns: string, filters: string): string {
  const and = filters === '' ? '' : ` AND ${filters}`;
  const parts = [`SELECT minute, false AS others, ${columns} FROM rollup_1m WHERE (${minutesWithin(rest)})${and}`];
  for (const [table, pieces] of [
    ['rollup_1h', hours],
    ['rollup_1d', days],
  ] as const) {
    if (pieces.length > 0) parts.push(`SELECT start AS minute, others, ${columns} FROM ${table} WHERE ${pairs(pieces)}${and}`);
  }
  return `(${parts.join('\nUNION ALL ')})`;
}
