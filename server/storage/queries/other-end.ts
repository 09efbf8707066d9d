// Finds the other end of a connection, if an agent watches its host: its initial sequence numbers are those of this end, exchanged. Address
// translation keeps them. If a device on the path rewrites them, the other end is not found.
import type { Connection } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import type { Event } from './connection-chapters.ts';
import { rowsTime } from './window.ts';

type OtherEnd = NonNullable<Connection['other_end']>;
type Ends = Pick<Connection, 'role' | 'rtt_min_us' | 'host_id' | 'connection_id' | 'local_addr' | 'local_port' | 'peer_addr' | 'peer_port'>;

/** Limit of time between the openings, and between the closes, of both ends, including the difference of the hosts' clocks. */
const APART_MS = 120_000;
/** Limit of time between an event and its row's time. */
const CLOCK_READ_MS = 2;

const FOUND = (
  time: string,
) => `SELECT toString(host_key) AS host_id, ${hostName('host_key')} AS host, toString(connection_key) AS connection_id, comm
FROM (
  SELECT host_id AS host_key, connection_id AS connection_key, argMax(comm, time_ns) AS comm
  FROM connection FINAL
  WHERE ${time} AND snd_isn = {rcv_isn:UInt32} AND rcv_isn = {snd_isn:UInt32}
    AND NOT (host_id = {own_host:UInt64} AND connection_id = {own_connection:UInt64})
  GROUP BY host_key, connection_key LIMIT 1
)`;

/** RSTs that the other end has sent: those of its connection, or of its host after the socket was gone. */
const RESET_SENT = (time: string) => `SELECT toUnixTimestamp64Nano(min(time_ns)) / 1e6 AS at_ms, count() AS resets
FROM reset FINAL
WHERE ${time} AND host_id = {host_id:UInt64} AND direction = 'sent' AND (connection_id = {connection_id:UInt64} OR (
  NOT has_socket AND local_port = {peer_port:UInt16} AND peer_port = {local_port:UInt16}
  AND local_addr = toIPv6({peer_addr:String}) AND peer_addr = toIPv6({local_addr:String})))`;

/** The counts in the close of each end, and when each end opened, by its own clock. */
const BOTH = (time: string) => `SELECT c.host_id = {host_id:UInt64} AND c.connection_id = {connection_id:UInt64} AS there,
  max(c.segs_in) AS segs_in, max(c.segs_out) AS segs_out, max(c.data_segs_in) AS data_segs_in, max(c.turns) AS turns, max(c.turn_us) AS turn_us,
  max(c.retrans_syn) AS syns_resent, max(c.event = 'close') AS closed,
  minIf(toUnixTimestamp64Nano(c.time_ns) / 1e6 - greatest(0, toInt64(c.duration_us) - c.syn_sent_us - c.syn_recv_us) / 1000,
    (c.event = 'open' OR c.tells_open) AND NOT c.preexisting) AS opened_ms
FROM connection AS c FINAL
WHERE ${time} AND ((c.host_id = {host_id:UInt64} AND c.connection_id = {connection_id:UInt64})
  OR (c.host_id = {own_host:UInt64} AND c.connection_id = {own_connection:UInt64}))
GROUP BY there LIMIT 2`;

type End = {
  there: boolean;
  segs_in: number;
  segs_out: number;
  data_segs_in: number;
  turns: number;
  turn_us: number;
  closed: boolean;
  opened_ms: number;
  syns_resent: number;
};

/**
 * @param role of this end. Handshake segments without a socket are not counted: a SYN-ACK is sent before the socket, a SYN arrives before
 * it
 */
function countedBy(ends: readonly End[], role: Connection['role']): Pick<OtherEnd, 'turn_us' | 'arrived'> {
  const closed = ends.filter((end) => Boolean(end.closed));
  const [here, there] = [closed.find((end) => !end.there), closed.find((end) => end.there)];
  const uncounted = role === 'client' ? 1 : -1 - (there?.syns_resent ?? 0);
  return {
    turn_us: there && there.turns > 0 && role === 'client' ? Math.round(there.turn_us / there.turns) : null,
    arrived: here && there ? { data_there: there.data_segs_in, lost_back: Math.max(0, there.segs_out + uncounted - here.segs_in) } : null,
  };
}

/** By how much the other end's clock is ahead of this one's, in ms. Estimated from the handshake: both ends open within a round trip. */
function aheadOf(ends: readonly End[], rtt_ms: number | null, is_same_host: boolean): { ahead_ms: number; error_ms: number } | undefined {
  if (is_same_host) return { ahead_ms: 0, error_ms: 0 };
  const [here, there] = [ends.find((end) => !end.there)?.opened_ms, ends.find((end) => end.there)?.opened_ms];
  return here && there && rtt_ms !== null ? { ahead_ms: there - here, error_ms: rtt_ms + CLOCK_READ_MS } : undefined;
}

/** Null if no agent watches the other end, or if neither begin nor end of this one was seen. */
export async function otherEnd(store: Queryable, ends: Ends, events: readonly Event[]): Promise<OtherEnd | null> {
  const known = events.find(({ snd_isn, rcv_isn }) => snd_isn !== 0 && rcv_isn !== 0);
  const last = events.at(-1);
  if (known === undefined || last === undefined) return null;
  const time = rowsTime(known.time_ms - APART_MS, known.time_ms + APART_MS);
  const { snd_isn, rcv_isn } = known;
  const { host_id: own_host, connection_id: own_connection, local_addr, local_port, peer_addr, peer_port } = ends;
  const [found] = await store.query<Pick<OtherEnd, 'host_id' | 'host' | 'connection_id' | 'comm'>>(
    FOUND(time),
    { snd_isn, rcv_isn, own_host, own_connection },
    1,
  );
  if (found === undefined) return null;
  const { host_id, connection_id } = found;
  const until = rowsTime(known.time_ms - APART_MS, last.time_ms + APART_MS);
  const params = { host_id, connection_id, local_addr, local_port, peer_addr, peer_port };
  const [[sent], both] = await Promise.all([
    store.query<{ at_ms: number; resets: number }>(RESET_SENT(until), params, 1),
    store.query<End>(BOTH(until), { host_id, connection_id, own_host, own_connection }, 2),
  ]);
  const clock = aheadOf(both, ends.rtt_min_us === null ? null : ends.rtt_min_us / 1000, host_id === own_host);
  return {
    ...found,
    ...countedBy(both, ends.role),
    reset_sent_ms: sent && sent.resets > 0 ? sent.at_ms - (clock?.ahead_ms ?? 0) : null,
    clock_ahead_ms: clock?.ahead_ms ?? null,
    clock_error_ms: clock?.error_ms ?? null,
  };
}
