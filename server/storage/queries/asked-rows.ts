// The rows that an investigation asked for, in the order of time. They are read in pages, as there may be very many.
import { isDetail } from '../../../agent/contract/detail.ts';
import { KIND, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';
import type { Queryable } from '../engine.ts';
import { fewRows, IDENTITY } from '../identity.ts';
import { Params } from '../language/params.ts';
import { RowReader } from './row-reader.ts';
import { rowsTime } from './window.ts';

/**
 * `slot`: the bit of `filters` that marks the investigation's rows of this host. `back_ms`: for so long before its begin the host kept
 * rows.
 */
export type AskedAt = { host_id: bigint; slot: number; back_ms: number };

/**
 * Rows of these hosts and this time. `back_connections`: connections of which hosts kept packets from before the begin. Their other rows up
 * to `back_until_ms` are not marked, as they may have been written before the investigation was known.
 */
export type AskedRows = {
  hosts: readonly AskedAt[];
  from_ms: number;
  to_ms: number;
  back_until_ms: number;
  back_connections: readonly bigint[];
};

/** A page takes some tens of milliseconds to parse, in which this process does nothing else. */
const PAGE_ROWS = 4000;

/** With the time, these columns identify a row, so they order rows of the same time. */
const KEY = ['host_id', 'connection_id', ...IDENTITY.map(({ name }) => name)] as const;
type After = { time_ns: string; key: string[] };

/** All rows of a kind, page by page; a page is read only when the one before was taken. `ask` runs a question to the store. */
export async function* rowPages<Name extends Kind>(
  ask: <Answer>(find: (store: Queryable) => Promise<Answer>) => Promise<Answer>,
  kind: Name,
  asked: AskedRows,
): AsyncGenerator<Rows[Name][]> {
  if (asked.hosts.length === 0) return;
  const [from_ms, to_ms] = [beginOf(asked), asked.to_ms];
  const reader = new RowReader(kind);
  // The engine reads all rows of the asked time, however small the page. So the time is asked in parts, whose length follows the density of
  // rows.
  let part_ms = to_ms - from_ms;
  let after: After | undefined;
  for (let begins_ms = from_ms; begins_ms < to_ms; ) {
    const ends_ms = Math.min(to_ms, begins_ms + part_ms);
    const { sql, values } = pageOf(kind, reader.columns, asked, rowsTime(begins_ms, ends_ms), after);
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

/** The first rows of a time; with `after`, those behind it. */
function pageOf(kind: Kind, columns: string, asked: AskedRows, time: string, after: After | undefined) {
  const params = new Params();
  const where = [time, askedFor(kind, asked, params)];
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

/** The time before which no row is asked for. */
export const beginOf = ({ hosts, from_ms }: AskedRows): number => from_ms - Math.max(0, ...hosts.map(({ back_ms }) => back_ms));

/** Condition for rows that the investigation asked for, and for rows of the connections that it looks back at. */
function askedFor(kind: Kind, { hosts, from_ms, back_until_ms, back_connections }: AskedRows, params: Params): string {
  const moment = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${params.bind('UInt64', Math.floor(ms))}))`;
  const idsOf = (at: readonly AskedAt[]) =>
    params.bind(
      'Array(UInt64)',
      at.map(({ host_id }) => host_id),
    );
  const groups = Map.groupBy(hosts, ({ slot, back_ms }) => `${slot} ${back_ms > 0}`);
  const asked = [...groups.values()].flatMap((at) => {
    const [first] = at;
    if (first === undefined) return [];
    // Before the begin the bit may have marked rows of another investigation. Detail rows are taken from then only where the host looked
    // back.
    const time = first.back_ms > 0 && isDetail(kind) ? [] : [`time_ns >= ${moment(from_ms)}`];
    return [`(${[`bitTest(filters, ${params.bind('UInt16', first.slot)})`, `host_id IN ${idsOf(at)}`, ...time].join(' AND ')})`];
  });
  const back = hosts.filter(({ back_ms }) => back_ms > 0);
  if (back.length > 0 && back_connections.length > 0 && !isDetail(kind)) {
    const connections = params.bind('Array(UInt64)', [...back_connections]);
    asked.push(`(time_ns < ${moment(back_until_ms)} AND host_id IN ${idsOf(back)} AND connection_id IN ${connections})`);
  }
  return `(${asked.join(' OR ')})`;
}

/** Connections of which hosts that look back have kept packets. @param most limit of connections */
export async function backConnections(store: Queryable, asked: AskedRows, most: number): Promise<bigint[]> {
  const hosts = asked.hosts.filter(({ back_ms }) => back_ms > 0);
  if (hosts.length === 0) return [];
  const params = new Params();
  const back = { ...asked, hosts };
  const where = `${rowsTime(beginOf(back), asked.back_until_ms)} AND ${askedFor('packet', back, params)}`;
  const found = await store.query<{ id: string }>(
    `SELECT DISTINCT toString(connection_id) AS id FROM packet WHERE ${where} AND connection_id != 0 LIMIT ${most}`,
    params.values,
    most,
  );
  return found.map(({ id }) => BigInt(id));
}

/** How many of the rows that the investigation asked for are stored, over all kinds. */
export async function rowsStored(store: Queryable, asked: AskedRows): Promise<number> {
  if (asked.hosts.length === 0) return 0;
  const params = new Params();
  const time = rowsTime(beginOf(asked), asked.to_ms);
  // Unmarked rows of connections that it looks back at are left out, since hosts do not count them.
  const counted = { ...asked, back_connections: [] };
  const counts = KIND.map((kind) => `SELECT count() AS rows FROM ${kind} FINAL WHERE ${time} AND ${askedFor(kind, counted, params)}`);
  const [found] = await store.query<{ rows: number }>(`SELECT sum(rows) AS rows FROM (${counts.join(' UNION ALL ')})`, params.values, 1);
  return found?.rows ?? 0;
}
