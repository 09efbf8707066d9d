// Finds the connections of resets and drops without a socket, by the addresses of the packet, when a question needs them. A packet has no
// socket if the kernel drops it before routing, in another namespace than the connection's, or as a segment of a larger packet. The agent
// could find the connection with an index, but that would cost something for each connection.

import type { Queryable } from '../engine.ts';
import { columnsOf, conditionOf, hostsOnly } from '../language/condition.ts';
import { rowsTime, type Window } from './window.ts';

/** Limit of different pairs of ends that are looked up. */
const ENDS_MAX = 10_000;
/** With more such rows in the range none is looked up: it would take seconds, and would find only some of them. */
const STRAYS_MAX = 20_000;
/** How far outside of the range rows of the connection are searched. A connection that moves data has a row in each sweep. */
const NEAR_MS = 10 * 60_000;
/**
 * A packet is given to a connection that begins up to EARLY_S later (a dropped SYN comes before the server's connection), or that ended up
 * to LATE_S earlier (late packets come during TIME_WAIT).
 */
export const EARLY_S = 3;
export const LATE_S = 70;

const ENDS = ['host_id', 'local_addr', 'local_port', 'peer_addr', 'peer_port'];
const REVERSED = ['host_id', 'peer_addr', 'peer_port', 'local_addr', 'local_port'];

/** Members that a row takes from its connection, as expressions over the connection's rows. */
const GIVEN = {
  netns: 'any(netns)',
  role: 'argMax(role, time_ns)',
  comm: "argMaxIf(comm, time_ns, owner != 'unknown')",
  cgroup_id: 'argMax(cgroup_id, time_ns)',
} as const;
const GIVEN_NAMES = Object.keys(GIVEN).join(', ');

type Table = 'drop' | 'reset';

/** `looked_up`: whether rows without a socket have their connections' members. */
type Looked = { from: string; looked_up: boolean };

/** A drop may be of either end of its packet. A RST was sent or received by the local end of its row. */
const EITHER_END: Record<Table, boolean> = { drop: true, reset: false };

const strays = (table: Table, { time, filter, params }: Window) =>
  `${time} AND connection_id = 0 AND peer_port != 0 AND ${conditionOf(hostsOnly(filter), table, 'rows', params)}`;

/** The connections with these ends, and when each began and ended. */
function connectionsWith(table: Table, where: string, { from_ms, to_ms }: Window): string {
  const ends = (names: readonly string[]) => `SELECT ${names.join(', ')} FROM stray_ends`;
  const wanted = EITHER_END[table] ? `${ends(ENDS)} UNION ALL ${ends(REVERSED)}` : ends(ENDS);
  const near = rowsTime(from_ms - NEAR_MS, to_ms + NEAR_MS);
  const rows = (from: string, begins: string, ended: string) =>
    `SELECT ${ENDS.join(', ')}, ${GIVEN_NAMES}, connection_id, owner, time_ns, ${begins} AS begins, ${ended} AS ended
    FROM ${from} FINAL WHERE ${near} AND (${ENDS.join(', ')}) IN (${wanted})`;
  return `WITH stray_ends AS (SELECT DISTINCT ${ENDS.join(', ')} FROM ${table} FINAL WHERE ${where} LIMIT ${ENDS_MAX})
  SELECT ${ENDS.join(', ')}, connection_id, ${Object.entries(GIVEN)
    .map(([name, of]) => `${of} AS given_${name}`)
    .join(', ')},
    min(begins) AS begin, max(ended) AS end
  FROM (
    ${rows('connection', `time_ns - INTERVAL ${EARLY_S} SECOND - toIntervalMicrosecond(duration_us)`, "if(event != 'open', time_ns, toDateTime64(0, 9, 'UTC'))")}
    UNION ALL ${rows('sample', 'time_ns - toIntervalMicrosecond(interval_us)', "toDateTime64(0, 9, 'UTC')")}
    UNION ALL ${rows('retransmit', 'time_ns', "toDateTime64(0, 9, 'UTC')")}
  )
  WHERE connection_id != 0
  GROUP BY ${ENDS.join(', ')}, connection_id`;
}

/** Whether the connection was open at the row's time, or had ended shortly before. */
const ALIVE = `c.connection_id != 0 AND (toUnixTimestamp(c.end) = 0 OR s.time_ns <= c.end + INTERVAL ${LATE_S} SECOND)`;

/**
 * If both ends are on one host, the end in the namespace of the drop is preferred. If the drop was in a third namespace, it is the sender
 * of the packet.
 */
const PREFERENCE = `multiIf(NOT alive, 3, c.given_netns = s.netns, 0, turned = (s.direction = 'received'), 1, 2)`;
/** The direction as seen from the connection; the kernel may not have known it. */
const DIRECTION = `multiIf(NOT alive, s.direction, turned = 1, if(s.direction = 'received', 'sent', 'received'), s.direction = 'unknown', 'sent', s.direction)`;

/** Rows without a socket, with the members of their connections. `members`: further members to select. */
function attributed(table: Table, window: Window, members: readonly string[]): string {
  const where = strays(table, window);
  const given = (name: string, none: string) => `if(alive, c.${name}, ${none})`;
  const ends = ENDS.map((name, at) => `if(turned = 1, ${REVERSED[at]}, ${name}) AS end_${name}`);
  // Each row is looked up from both of its ends; the better match is kept.
  const tried = `SELECT *, arrayJoin(${EITHER_END[table] ? '[0, 1]' : '[0]'}) AS turned, ${ends.join(', ')}
    FROM (SELECT *, rowNumberInAllBlocks() AS stray FROM ${table} FINAL WHERE ${where})`;
  const turn = (name: string) => `if(alive, s.end_${name}, s.${name}) AS ${name}`;
  return `SELECT s.time_ns AS time_ns, s.host_id AS host_id, s.state AS state, ${ALIVE} AS alive,
    ${given('connection_id', 'toUInt64(0)')} AS connection_id, ${given('given_comm', 's.comm')} AS comm,
    ${given('given_cgroup_id', 's.cgroup_id')} AS cgroup_id, CAST(${given('given_role', 's.role')}, 'String') AS role,
    ${['local_addr', 'local_port', 'peer_addr', 'peer_port'].map(turn).join(', ')},
    CAST(${DIRECTION}, 'String') AS direction, alive AS has_socket, ${members.map((name) => `s.${name} AS ${name}`).join(', ')}
  FROM (${tried}) AS s
  LEFT ASOF JOIN (${connectionsWith(table, where, window)}) AS c
    ON ${ENDS.map((name) => `s.end_${name} = c.${name}`).join(' AND ')} AND s.time_ns >= c.begin
  ORDER BY ${PREFERENCE}, turned LIMIT 1 BY s.stray`;
}

/**
 * For FROM: rows that match the filter. Rows without a socket get members of their connections; if there are none of these, or too many,
 * nothing is looked up.
 */
export async function rowsOf(store: Queryable, table: Table, window: Window, members: readonly string[]): Promise<Looked> {
  const { filter, time, params } = window;
  const where = strays(table, window);
  const [found] = await store.query<{ strays: number }>(`SELECT count() AS strays FROM ${table} FINAL WHERE ${where}`, params.values, 1);
  const plain = ['time_ns', 'host_id', 'state', 'connection_id', 'comm', 'cgroup_id', 'local_addr', 'local_port', 'peer_addr', 'peer_port'];
  const all = [...new Set([...members, ...columnsOf(filter, table)])].filter((name) => ![...plain, 'role', 'direction'].includes(name));
  const own = `SELECT ${plain.join(', ')}, CAST(role, 'String') AS role, CAST(direction, 'String') AS direction, has_socket, ${all.join(', ')} FROM ${table} FINAL`;
  const condition = conditionOf(filter, table, 'rows', params);
  const strayed = found?.strays ?? 0;
  if (strayed === 0 || strayed > STRAYS_MAX) return { from: `(${own} WHERE ${time} AND ${condition})`, looked_up: strayed === 0 };
  const columns = [...plain, 'role', 'direction', 'has_socket', ...all].join(', ');
  const looked = `SELECT ${columns} FROM (${attributed(table, window, all)}) AS ${table} WHERE ${condition}`;
  const rest = `${own} WHERE ${time} AND NOT (connection_id = 0 AND peer_port != 0) AND ${condition}`;
  return { from: `(SELECT ${columns} FROM (${rest}) UNION ALL ${looked})`, looked_up: true };
}
