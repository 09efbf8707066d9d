// A list of the connections in a range, from rows of connections and samples.
import { END_REASON, STATE } from '../../../bpf/rows/rows.gen.ts';
import { type CONNECTION_SORTS, type Connections, type ListedConnection, PHASES } from '../../api/connections.ts';
import { SEGMENTS_MIN } from '../../api.ts';
import { quote } from '../columns.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { fewRows } from '../identity.ts';
import { completenessWithin } from './accounts.ts';
import { plainAddress } from './address.ts';
import { rowsToRead } from './rows-to-read.ts';
import { type Asked, type Window, whereOf, windowOf } from './window.ts';

export type ConnectionSort = (typeof CONNECTION_SORTS)[number];
export type ListAsked = {
  sort: ConnectionSort;
  limit: number;
  phase?: (typeof PHASES)[number] | undefined;
  end_reason?: ListedConnection['end_reason'] | undefined;
  state?: ListedConnection['state'] | undefined;
  /** `next` of the page before */
  after?: string | undefined;
  rows_max?: number;
};

/** Upper limit of combinations of phase, reason and state. */
const COUNTS_MAX = 500;

/** The engine moves larger groups from memory to its disk. */
const GROUPS_BYTES_MAX = 600_000_000;

/** Needless retransmissions are first counted as probes, as probes are needless most often. */
const lost = (resent: string) =>
  `toUInt64(greatest(0, toInt64(retrans_data) - greatest(0, toInt64(retrans_spurious) - (toInt64(${resent}) - toInt64(retrans_data)))))`;

/** The same columns for both kinds. The row of an end has totals of the whole life; a sample has what was added since the sample before. */
const PARTS = {
  connection: `event != 'open' AS is_end, (event != 'open') + (event = 'failed') AS phase_at, CAST(end_reason, 'Int8') AS reason, toInt32(sk_err) AS err,
    toUInt64(connect_us) AS handshake_us, toInt64(duration_us) AS lived_us, true AS tells_begin, toInt64(0) AS in_state_us,
    toUInt64(total_retrans) AS resent, ${lost('total_retrans')} AS lost`,
  sample: `false AS is_end, 0 AS phase_at, toInt8(0) AS reason, toInt32(0) AS err,
    toUInt64(0) AS handshake_us, toInt64(0) AS lived_us, false AS tells_begin, toInt64(state_us) AS in_state_us,
    toUInt64(retrans) AS resent, ${lost('retrans')} AS lost`,
} as const;
const SHARED = `host_id, connection_id, time_ns, toUnixTimestamp64Micro(time_ns) AS at_us, comm, cgroup_id, role, local_addr, local_port, peer_addr,
    peer_port, state, srtt_us, turn_max_us, stall_max_us, unread, notsent, bytes_sent + bytes_received AS moved, toUInt64(data_segs_out) AS segs`;

const ofLife = (column: string) => `if(ended, maxIf(${column}, is_end), sumIf(${column}, NOT tells_begin))`;
const newest = (column: string, where?: string) =>
  where === undefined ? `argMax(${column}, time_ns)` : `argMaxIf(${column}, time_ns, ${where})`;

/**
 * One line for each socket. A socket that failed to connect may try again, so its newest row decides. The owner may be known only in later
 * rows, and may be missing in the last ones.
 */
const GROUPED = (rows: string, to_us: string) => `SELECT host_id AS host_key, connection_id AS connection_key,
  ${newest('phase_at')} AS phase, phase > 0 AS ended, max(time_ns) AS last_at, ${newest('reason')} AS end_reason, ${newest('err')} AS sk_err,
  if(ended, ${STATE.indexOf('close')}, ${newest("CAST(state, 'Int8')")}) AS now_state,
  ${newest('(comm, cgroup_id)', "comm != ''")} AS owner, ${newest('(role, local_addr, local_port, peer_addr, peer_port)')} AS ends,
  multiIf(ended, maxIf(lived_us, is_end), max(tells_begin), ${to_us} - minIf(at_us - lived_us, tells_begin), NULL) AS duration_us,
  if(NOT ended AND max(in_state_us) > 0, ${to_us} - ${newest('at_us - in_state_us', 'in_state_us > 0')}, NULL) AS state_us,
  nullIf(max(handshake_us), 0) AS connect_us, ${ofLife('moved')} AS bytes, ${ofLife('segs')} AS data_segs_out, ${ofLife('resent')} AS retrans,
  if(data_segs_out > 0, ${ofLife('lost')} / data_segs_out, NULL) AS retransmit_ratio,
  nullIf(${newest('srtt_us', 'srtt_us > 0')}, 0) AS srtt_now_us, nullIf(max(turn_max_us), 0) AS turn_us, nullIf(max(stall_max_us), 0) AS stall_us,
  ${newest('unread')} AS unread_now, ${newest('notsent')} AS notsent_now
FROM (${rows})
GROUP BY host_key, connection_key
SETTINGS max_bytes_before_external_group_by = ${GROUPS_BYTES_MAX}`;

/** Sort keys. A share is below 0 if there is nothing to compare, or too little. */
const ORDER = {
  last_ms: 'toUnixTimestamp64Milli(last_at)',
  duration_us: 'duration_us',
  state_us: 'state_us',
  connect_us: 'connect_us',
  bytes: 'bytes',
  retransmit_ratio: `ifNull(retransmit_ratio, -1) - if(data_segs_out < ${SEGMENTS_MIN}, 2, 0)`,
  retrans: 'retrans',
  srtt_us: 'srtt_now_us',
  turn_max_us: 'turn_us',
  stall_max_us: 'stall_us',
  unread: 'unread_now',
  notsent: 'notsent_now',
} as const satisfies Record<ConnectionSort, string>;

type Key = { order: number; host_id: string; connection_id: string };
type Line = Omit<ListedConnection, 'host'> & { host: string };

/**
 * Connections with a row in the range. A connection that neither moved data nor ended in it has no row.
 * @throws Refusal `range_too_wide`
 */
export async function connectionList(store: Queryable, range: Asked, asked: ListAsked, now_ms: number): Promise<Connections> {
  const window = windowOf(range, now_ms, 'rows');
  const rows_read = await rowsToRead(store, window, KINDS_LISTED, asked.rows_max);
  const grouped = (finals: Finals) => GROUPED(rowsOf(window, finals), String(window.to_ms * 1000));
  const [keys, counts, { completeness }] = await Promise.all([
    keysOf(store, grouped(SUMMED.includes(asked.sort) ? ['sample'] : []), window, asked),
    store.query<Connections['counts'][number]>(countsSql(grouped([])), window.params.values, COUNTS_MAX),
    completenessWithin(store, window),
  ]);
  const page = keys.slice(0, asked.limit);
  const last = keys.length > asked.limit ? page.at(-1) : undefined;
  const fits = (one: Connections['counts'][number]) =>
    (['phase', 'end_reason', 'state'] as const).every((name) => asked[name] === undefined || asked[name] === one[name]);
  return {
    // The begin as asked for, so that further pages have the same window.
    from_ms: range.from ?? window.from_ms,
    to_ms: window.to_ms,
    connections: await linesOf(store, window, page),
    total: counts.filter(fits).reduce((sum, { connections }) => sum + connections, 0),
    next: last === undefined ? null : `${last.order}:${last.host_id}:${last.connection_id}`,
    counts,
    rows_read,
    completeness,
  };
}

/** Kinds that are read with FINAL, which leaves out copies of rows. Copies change only sums, and FINAL takes longer than all else. */
type Finals = readonly (keyof typeof PARTS)[];
const KINDS_LISTED = ['connection', 'sample'] as const satisfies Finals;
const SUMMED: readonly ConnectionSort[] = ['bytes', 'retransmit_ratio', 'retrans'];

/** The rows of both kinds. */
const rowsOf = (window: Window, finals: Finals): string =>
  KINDS_LISTED.map((kind) => {
    const final = finals.includes(kind) ? 'FINAL' : '';
    return `SELECT ${SHARED}, ${PARTS[kind]} FROM ${kind} ${final} WHERE ${whereOf(window, kind)}`;
  }).join('\nUNION ALL ');

/** Rows of some connections, each once. @param only the condition that selects them */
const rowsOfSome = (window: Window, only: string): string =>
  KINDS_LISTED.map((kind) => `SELECT ${SHARED}, ${PARTS[kind]} FROM ${fewRows(kind, `${whereOf(window, kind)} AND ${only}`)}`).join(
    '\nUNION ALL ',
  );

const countsSql = (
  grouped: string,
) => `SELECT ${nameOf(PHASES, 'g.phase')} AS phase, ${nameOf(END_REASON, 'g.end_reason')} AS end_reason, ${nameOf(STATE, 'now_state')} AS state, count() AS connections
FROM (${grouped}) AS g GROUP BY g.phase, g.end_reason, now_state ORDER BY connections DESC, phase, end_reason, state LIMIT ${COUNTS_MAX}`;

/** Numbers instead of names: groups are smaller and four times as fast. */
const numbersOf = ({ phase, end_reason, state }: ListAsked) => ({
  phase: phase === undefined ? undefined : PHASES.indexOf(phase),
  end_reason: end_reason === undefined ? undefined : END_REASON.indexOf(end_reason),
  state: state === undefined ? undefined : STATE.indexOf(state),
});
const nameOf = (names: readonly string[], number: string) => `arrayElement([${names.map(quote).join(', ')}], ${number} + 1)`;

/** The keys of a page's connections in order, and one more if there is a next page. */
async function keysOf(store: Queryable, grouped: string, { params }: Window, asked: ListAsked): Promise<Key[]> {
  const { sort, limit, phase, end_reason, state, after } = asked;
  const conditions = [
    ...(phase === undefined ? [] : ['phase = {phase:UInt8}']),
    ...(end_reason === undefined ? [] : ['end_reason = {end_reason:Int8}']),
    ...(state === undefined ? [] : ['now_state = {state:Int8}']),
    ...(after === undefined
      ? []
      : [
          '(order < {order:Float64} OR (order = {order:Float64} AND (host_key, connection_key) > ({after_host:UInt64}, {after_connection:UInt64})))',
        ]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  // Only the keys of the page are converted to text.
  const sql = `SELECT order, toString(host_key) AS host_id, toString(connection_key) AS connection_id
FROM (
  SELECT toFloat64(ifNull(${ORDER[sort]}, -1)) AS order, host_key, connection_key FROM (${grouped})
  ${where}
  ORDER BY order DESC, host_key, connection_key LIMIT {limit:UInt32}
) ORDER BY order DESC, host_key, connection_key`;
  return store.query<Key>(sql, { ...params.values, ...numbersOf(asked), limit: limit + 1, ...placeOf(after) }, limit + 1);
}

async function linesOf(store: Queryable, window: Window, keys: readonly Key[]): Promise<Connections['connections']> {
  if (keys.length === 0) return [];
  const only = '(host_id, connection_id) IN (SELECT arrayJoin(arrayZip({hosts:Array(UInt64)}, {connections:Array(UInt64)})))';
  const grouped = GROUPED(rowsOfSome(window, only), String(window.to_ms * 1000));
  const sql = `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, toString(g.connection_key) AS connection_id,
  owner.1 AS comm, ${containerName('g.host_key', 'owner.2')} AS container, ends.1 AS role, toString(ends.2) AS local_addr, ends.3 AS local_port,
  toString(ends.4) AS peer_addr, ends.5 AS peer_port, ${nameOf(PHASES, 'g.phase')} AS phase, ${nameOf(STATE, 'now_state')} AS state, ${nameOf(END_REASON, 'g.end_reason')} AS end_reason, sk_err, toUnixTimestamp64Milli(last_at) AS last_ms,
  duration_us, state_us, connect_us, bytes, data_segs_out, retrans, retransmit_ratio, srtt_now_us AS srtt_us, turn_us AS turn_max_us,
  stall_us AS stall_max_us, unread_now AS unread, notsent_now AS notsent
FROM (${grouped}) AS g LIMIT {limit:UInt32}`;
  const ids = { hosts: keys.map(({ host_id }) => BigInt(host_id)), connections: keys.map(({ connection_id }) => BigInt(connection_id)) };
  const lines = await store.query<Line>(sql, { ...window.params.values, ...ids, limit: keys.length }, keys.length);
  const byKey = new Map(lines.map((line) => [`${line.host_id}/${line.connection_id}`, line]));
  return keys.flatMap(({ host_id, connection_id }) => {
    const line = byKey.get(`${host_id}/${connection_id}`);
    return line ? [{ ...line, local_addr: plainAddress(line.local_addr), peer_addr: plainAddress(line.peer_addr) }] : [];
  });
}

/** The form of `next`: sort key and ids of the page's last connection. */
export const PLACE = /^(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?):(\d{1,20}):(\d{1,20})$/;

function placeOf(after: string | undefined): Record<string, unknown> {
  const [, order, after_host, after_connection] = PLACE.exec(after ?? '') ?? [];
  return order === undefined ? {} : { order: Number(order), after_host, after_connection };
}
