// Explains a connection by other rows: how many local ports were in use to its destination, whether its namespace had routes, and whether
// its process opens a connection for each request.
import type { Queryable } from '../engine.ts';
import type { Around } from './connection-chapters.ts';
import type { Story } from './connection-story.ts';

/** How long the kernel keeps the port of a connection that this side closed first. */
const TIME_WAIT_MS = 60_000;
/** Connections that opened longer ago are left out. */
const LOOK_BACK_MS = 86_400_000;
/** A namespace's figures reach its row at the next sweep, up to this much later. */
const SWEEP_MS = 60_000;

/** Local ports in use to one destination at one moment: by open connections, and by those in TIME_WAIT. */
const PORTS_USED = `SELECT uniqExact(port) AS ports_used FROM (
  SELECT any(local_port) AS port, maxIf(toUnixTimestamp64Milli(time_ns), event != 'open') AS ended_ms, argMax(end_reason, time_ns) AS reason
  FROM connection FINAL
  WHERE host_id = {host_id:UInt64} AND netns = {netns:UInt64} AND peer_addr = toIPv6({peer_addr:String}) AND peer_port = {peer_port:UInt16}
    AND role = 'client' AND event != 'failed' AND local_port BETWEEN {first:UInt16} AND {last:UInt16}
    AND time_ns >= fromUnixTimestamp64Milli({at_ms:Int64} - ${LOOK_BACK_MS}, 'UTC')
  GROUP BY connection_id
  HAVING minIf(toUnixTimestamp64Milli(time_ns) - intDiv(duration_us, 1000), event = 'open' OR tells_open) <= {at_ms:Int64}
) WHERE ended_ms = 0 OR ended_ms >= {at_ms:Int64} OR (reason = 'fin_local' AND ended_ms >= {at_ms:Int64} - ${TIME_WAIT_MS})`;

const OUT_NO_ROUTES = `SELECT sum(n.out_no_routes) AS out_no_routes FROM namespace AS n FINAL
WHERE n.host_id = {host_id:UInt64} AND n.netns = {netns:UInt64}
  AND n.time_ns >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC') AND n.time_ns <= fromUnixTimestamp64Milli({to_ms:Int64} + ${SWEEP_MS}, 'UTC')`;

/** Connections that ended within this time before or after its own end count as alike. */
const ALIKE_MS = 60_000;
/** A connection with more turns is one that is kept open for many requests. */
const SHORT_TURNS = 2;

const ALIKE = `SELECT count() AS connections, sum(c.turns) AS turns, sum(c.connect_us) AS connect_us, sum(c.duration_us) AS duration_us
FROM connection AS c FINAL
WHERE c.host_id = {host_id:UInt64} AND c.netns = {netns:UInt64} AND c.comm = {comm:String} AND c.role = 'client' AND c.event = 'close'
  AND c.peer_addr = toIPv6({peer_addr:String}) AND c.peer_port = {peer_port:UInt16}
  AND c.time_ns >= fromUnixTimestamp64Milli({at_ms:Int64} - ${ALIKE_MS}, 'UTC') AND c.time_ns <= fromUnixTimestamp64Milli({at_ms:Int64} + ${ALIKE_MS}, 'UTC')`;

/** Asks the store only if the connection's own rows give a reason to. */
export async function aroundOf(store: Queryable, story: Story & { host_id: string; connection_id: string }): Promise<Around> {
  const { host_id, netns, peer_addr, peer_port, from_ms, to_ms, port_first: first, port_last: last } = story;
  const stayed = (story.bytes_failed ?? 0) > 0 || story.retransmits.some(({ outcome }) => outcome === 'refused');
  const [ports] = first
    ? await store.query<{ ports_used: number }>(
        PORTS_USED,
        {
          host_id,
          netns,
          peer_addr,
          peer_port,
          first,
          last: last ?? first,
          at_ms: to_ms,
        },
        1,
      )
    : [];
  const [routes] = stayed ? await store.query<{ out_no_routes: number }>(OUT_NO_ROUTES, { host_id, netns, from_ms, to_ms }, 1) : [];
  const isShort = story.role === 'client' && story.closed_ms !== null && (story.turns ?? 0) > 0 && (story.turns ?? 0) <= SHORT_TURNS;
  const [alike] = isShort
    ? await store.query<NonNullable<Around['alike']>>(ALIKE, { host_id, netns, comm: story.comm, peer_addr, peer_port, at_ms: to_ms }, 1)
    : [];
  return { alike: alike ?? null, ports_used: ports?.ports_used ?? null, out_no_routes: routes?.out_no_routes ?? null };
}
