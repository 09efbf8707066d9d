// Adds resets and drops without a socket to a connection's story: those with its addresses and ports, within its life.
import type { Connection } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { fewRows } from '../identity.ts';
import type { Story } from './connection-story.ts';
import { EARLY_S, LATE_S } from './stray.ts';
import { rowsTime } from './window.ts';

type Strays = Pick<Connection, 'drops' | 'resets'>;

const ENDS =
  'local_addr = toIPv6({local_addr:String}) AND local_port = {local_port:UInt16} AND peer_addr = toIPv6({peer_addr:String}) AND peer_port = {peer_port:UInt16}';
const REVERSED =
  'peer_addr = toIPv6({local_addr:String}) AND peer_port = {local_port:UInt16} AND local_addr = toIPv6({peer_addr:String}) AND local_port = {peer_port:UInt16}';

/** Ends reversed: in another namespace the packet is one that the connection sent; in its own namespace the row is of the other end. */
const TURNED = `${REVERSED} AND (netns != {netns:UInt64} OR direction = 'unknown')`;

const strays = (table: string, time: string, ends: string, direction: string, members: string) =>
  `SELECT toString(toUnixTimestamp64Nano(t.time_ns)) AS time_ns, CAST(${direction}, 'String') AS direction, ${members}
FROM (SELECT * FROM ${fewRows(table, `${time} AND host_id = {host_id:UInt64} AND connection_id = 0 AND (${ends})`)} ORDER BY time_ns LIMIT {rows:UInt32}) AS t
ORDER BY t.time_ns`;

/** Rows from the opening of a later connection with the same ends on belong to that one. */
const beforeNext = (
  near: string,
) => `time_ns < (SELECT if(count() = 0, toDateTime64('2200-01-01 00:00:00', 9, 'UTC'), min(time_ns)) FROM connection FINAL
  WHERE ${near} AND host_id = {host_id:UInt64} AND ${ENDS} AND time_ns > fromUnixTimestamp64Milli({closed_ms:Int64}, 'UTC'))`;

/** Reads at most the first `rows` of each kind. */
export async function straysOf(store: Queryable, host_id: string, story: Story, rows: number, now_ms: number): Promise<Strays> {
  const { netns, local_addr, local_port, peer_addr, peer_port, from_ms, closed_ms } = story;
  if (peer_port === 0) return { drops: [], resets: [] };
  const params = { host_id, netns, local_addr, local_port, peer_addr, peer_port, rows, closed_ms: closed_ms ?? now_ms };
  const near = rowsTime(from_ms - EARLY_S * 1000, closed_ms === null ? now_ms : closed_ms + LATE_S * 1000);
  const time = closed_ms === null ? near : `${near} AND ${beforeNext(near)}`;
  const way = `if(t.local_port = {local_port:UInt16} AND t.peer_port = {peer_port:UInt16}, if(t.direction = 'unknown', 'sent', t.direction), if(t.direction = 'received', 'sent', 'received'))`;
  const [drops, resets] = await Promise.all([
    store.query<Connection['drops'][number]>(
      strays('drop', time, `${ENDS} OR ${TURNED}`, way, 'meaning, reason, location, tcp_flags, seq, length'),
      params,
      rows,
    ),
    store.query<Connection['resets'][number]>(
      strays('reset', time, ENDS, 't.direction', 'reason, state, linger_zero, idle_us, unread, notsent, packets_out'),
      params,
      rows,
    ),
  ]);
  return { drops, resets };
}
