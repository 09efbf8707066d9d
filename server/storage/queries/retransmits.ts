// Retransmissions for people, newest first.
import type { RetransmitRow } from '../../../bpf/rows/rows.gen.ts';
import type { Retransmit, Retransmits } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import { fewRows } from '../identity.ts';
import { plainAddress } from './address.ts';
import { type Asked, rowsOf, windowOf } from './window.ts';

/** Fields with the same name in rows and answers. */
const SHARED = [
  'pid',
  'comm',
  'owner',
  'role',
  'local_addr',
  'local_port',
  'peer_addr',
  'peer_port',
  'state',
  'class',
  'outcome',
  'err',
  'segments',
  'bytes',
  'seq',
  'ca_state',
  'backoff',
  'srtt_us',
  'rto_us',
  'snd_cwnd',
  'evidence',
] as const satisfies readonly (keyof Retransmit & keyof RetransmitRow)[];

/** The other fields: ids as text, and names. */
const answer = (
  rows: string,
) => `SELECT toString(toUnixTimestamp64Nano(r.time_ns)) AS time_ns, toString(r.host_id) AS host_id, ${hostName('r.host_id')} AS host,
  toString(r.connection_id) AS connection_id, toString(r.netns) AS netns, ${SHARED.join(', ')}
FROM (${rows}) AS r`;

/**
 * The newest `limit` retransmissions in the range, newest first, and how many there are. Read from rows, so only within their retention.
 */
export async function retransmits(store: Queryable, asked: Asked, limit: number, now_ms: number): Promise<Retransmits> {
  const window = windowOf(asked, now_ms, 'rows');
  const from = rowsOf('retransmit', window);
  const { values } = window.params;
  const sql = `SELECT * FROM ${from} ORDER BY time_ns DESC LIMIT {limit:UInt32}`;
  const [rows, [counted]] = await Promise.all([
    store.query<Retransmit>(`${answer(sql)} ORDER BY r.time_ns DESC`, { ...values, limit }, limit),
    store.query<{ total: number }>(`SELECT count() AS total FROM ${from}`, values, 1),
  ]);
  return { retransmits: rows.map(withPlainAddresses), total: counted?.total ?? 0 };
}

/** The first `limit` retransmissions of one connection, oldest first. */
export async function retransmitsOf(store: Queryable, host_id: string, connection_id: string, limit: number): Promise<Retransmit[]> {
  const sql = `SELECT * FROM ${fewRows('retransmit', 'host_id = {host_id:UInt64} AND connection_id = {connection_id:UInt64}')} ORDER BY time_ns LIMIT {limit:UInt32}`;
  const rows = await store.query<Retransmit>(`${answer(sql)} ORDER BY r.time_ns`, { host_id, connection_id, limit }, limit);
  return rows.map(withPlainAddresses);
}

/** The same fields from a raw row, for the live feed. */
export function retransmitFromRow(row: RetransmitRow, hostName: string): Retransmit {
  const shared = Object.fromEntries(SHARED.map((name) => [name, row[name]])) as Pick<Retransmit, (typeof SHARED)[number]>;
  return {
    ...shared,
    time_ns: String(row.time_ns),
    host_id: String(row.host_id),
    host: hostName,
    connection_id: String(row.connection_id),
    netns: String(row.netns),
  };
}

function withPlainAddresses(row: Retransmit): Retransmit {
  return { ...row, local_addr: plainAddress(row.local_addr), peer_addr: plainAddress(row.peer_addr) };
}
