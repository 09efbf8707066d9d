// The rows that an investigation asked for, in the order of their times and in pages: there may be very many.
import { KIND, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';
import type { Queryable } from '../engine.ts';
import { fewRows, IDENTITY } from '../identity.ts';
import { Params } from '../language/params.ts';
import { RowReader } from './row-reader.ts';
import { rowsTime } from './window.ts';

/** `slot`: rows of this host that the investigation asked for have this bit of `filters`. */
export type AskedAt = { host_id: bigint; slot: number };

/** Rows of these hosts, of this time. */
export type AskedRows = { hosts: readonly AskedAt[]; from_ms: number; to_ms: number };

/** Each takes some tens of milliseconds to read, in which this process does nothing else. */
const PAGE_ROWS = 4000;

/** By these a row is one, and rows of one time have an order. */
const KEY = ['host_id', 'connection_id', ...IDENTITY.map(({ name }) => name)] as const;
type After = { time_ns: string; key: string[] };

/** All rows of a kind, a page at a time; each page is asked for when the one before was taken. `ask` runs a question to the store. */
export async function* rowPages<Name extends Kind>(
  ask: <Answer>(find: (store: Queryable) => Promise<Answer>) => Promise<Answer>,
  kind: Name,
  { hosts, from_ms, to_ms }: AskedRows,
): AsyncGenerator<Rows[Name][]> {
  if (hosts.length === 0) return;
  const reader = new RowReader(kind);
  // The engine reads all columns of all rows in a part of the time, whatever the page leaves of them.
  let part_ms = to_ms - from_ms;
  let after: After | undefined;
  for (let begins_ms = from_ms; begins_ms < to_ms; ) {
    const ends_ms = Math.min(to_ms, begins_ms + part_ms);
    const { sql, values } = pageOf(kind, reader.columns, { hosts, from_ms: begins_ms, to_ms: ends_ms }, after);
    const found = await ask((store) => store.query<Record<string, unknown> & { after: string[] }>(sql, values, PAGE_ROWS));
    if (found.length > 0) yield found.map((row) => reader.row(row));
    const last = found.at(-1);
    const is_full = last !== undefined && found.length === PAGE_ROWS;
    after = is_full ? { time_ns: String(last['time_ns']), key: last.after } : undefined;
    begins_ms = after === undefined ? ends_ms : Number(BigInt(after.time_ns) / 1_000_000n);
    if (is_full) part_ms = Math.max(1, Math.ceil(part_ms / 2));
    else if (found.length < PAGE_ROWS / 4) part_ms *= 2;
  }
}

/** The first rows of a time, if `after`: after that one. */
function pageOf(kind: Kind, columns: string, { hosts, from_ms, to_ms }: AskedRows, after: After | undefined) {
  const params = new Params();
  const where = [rowsTime(from_ms, to_ms), askedFor(hosts, params)];
  if (after !== undefined) {
    const moment = `fromUnixTimestamp64Nano(toInt64(${params.bind('UInt64', after.time_ns)}), 'UTC')`;
    const key = after.key.map((value) => params.bind('UInt64', value));
    where.push(`(time_ns, ${KEY.join(', ')}) > (${moment}, ${key.join(', ')})`);
  }
  const order = ['time_ns', ...KEY].map((name) => `t.${name}`).join(', ');
  const key = `[${KEY.map((name) => `toString(t.${name})`).join(', ')}]`;
  const inner = `SELECT * FROM ${fewRows(kind, where.join(' AND '))} ORDER BY time_ns, ${KEY.join(', ')} LIMIT ${PAGE_ROWS}`;
  return { sql: `SELECT ${columns}, ${key} AS after FROM (${inner}) AS t ORDER BY ${order}`, values: params.values };
}

/** The rows that the investigation asked for. */
function askedFor(hosts: readonly AskedAt[], params: Params): string {
  const by_slot = Map.groupBy(hosts, ({ slot }) => slot);
  const asked = [...by_slot].map(([slot, at]) => {
    const ids = params.bind(
      'Array(UInt64)',
      at.map(({ host_id }) => host_id),
    );
    return `(bitTest(filters, ${params.bind('UInt16', slot)}) AND host_id IN ${ids})`;
  });
  return `(${asked.join(' OR ')})`;
}

/** How many rows of all kinds are stored that the investigation asked for. */
export async function rowsStored(store: Queryable, { hosts, from_ms, to_ms }: AskedRows): Promise<number> {
  if (hosts.length === 0) return 0;
  const params = new Params();
  const where = `${rowsTime(from_ms, to_ms)} AND ${askedFor(hosts, params)}`;
  const counts = KIND.map((kind) => `SELECT count() AS rows FROM ${kind} FINAL WHERE ${where}`);
  const [found] = await store.query<{ rows: number }>(`SELECT sum(rows) AS rows FROM (${counts.join(' UNION ALL ')})`, params.values, 1);
  return found?.rows ?? 0;
}
