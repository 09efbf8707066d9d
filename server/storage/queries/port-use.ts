// How many of its local ports a host uses toward each destination, and connects that found no free port.
import type { PortUse } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import { conditionOf, hostsOnly } from '../language/condition.ts';
import { plainAddress } from './address.ts';
import { TIME_WAIT_MS } from './closers.ts';
import { isByMoments } from './pile-moments.ts';
import { rowsTime, type Window, whereOf } from './window.ts';

/** Growth is measured over this time before the end of the range, or over the whole range if that is shorter. */
const TREND_MS = 300_000;
/** Stands for the end of a connection that is still open. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

export const trendFrom = ({ from_ms, to_ms }: Pick<Window, 'from_ms' | 'to_ms'>): number => Math.max(from_ms, to_ms - TREND_MS);

const AT_MS = 'toUnixTimestamp64Milli(time_ns)';
const SHARED = 'host_id, connection_id, netns, local_addr, local_port, peer_addr, peer_port, time_ns, comm';

/**
 * The time in which a connection holds its port. The side that closes first holds it during TIME_WAIT too. A sample does not have the
 * begin.
 */
const HELD = {
  connection: `true AS tells_begin, ${AT_MS} - intDiv(toInt64(duration_us), 1000) AS begin_ms,
    multiIf(event = 'open', toInt64(0), ${AT_MS} + if(end_reason = 'fin_local', ${TIME_WAIT_MS}, 0)) AS free_ms,
    event = 'failed' AND end_reason = 'no_port' AS is_failed, port_first, port_last`,
  sample:
    'false AS tells_begin, toInt64(0) AS begin_ms, toInt64(0) AS free_ms, false AS is_failed, toUInt16(0) AS port_first, toUInt16(0) AS port_last',
} as const;

type Row = Omit<PortUse, 'full_in_s'> & { total: number };

/** Limit of time for long ranges: only the last hours are read. */
const LOOKED_AT_MS = 2 * 3_600_000;
export const portsFrom = (window: Window): number =>
  isByMoments(window) ? Math.max(window.from_ms, window.to_ms - LOOKED_AT_MS) : window.from_ms;

/** The `limit` destinations with the fewest free ports; those where connects found none come first. */
export async function portUse(store: Queryable, range: Window, limit: number): Promise<{ ports: PortUse[]; total: number }> {
  const { to_ms } = range;
  const from_ms = portsFrom(range);
  const window = { ...range, from_ms, time: rowsTime(from_ms, to_ms) };
  const trend_ms = trendFrom(window);
  const rows = (['connection', 'sample'] as const).map(
    (kind) => `SELECT ${SHARED}, ${HELD[kind]} FROM ${kind} WHERE ${whereOf(window, kind)} AND ${kind}.role = 'client'`,
  );
  // A failed connect uses no port. If the same socket connects later, that is another line, with another local port.
  const connections = `SELECT host_id AS host_key, connection_id AS connection_key, netns AS netns_key, local_addr AS source, peer_addr AS destination, peer_port AS port,
    local_port AS own_port, max(time_ns) AS last, argMax(comm, time_ns) AS owner, minIf(begin_ms, tells_begin) AS begun, if(max(free_ms) = 0, ${NEVER_MS}, max(free_ms)) AS free,
    uniqExactIf(time_ns, is_failed) AS failures, uniqExactIf(time_ns, is_failed AND port_first = port_last) AS bound,
    maxIf(time_ns, is_failed) AS failed_at, maxIf(toUInt32(port_last) - port_first + 1, is_failed AND port_first < port_last) AS failed_range
  FROM (${rows.join('\nUNION ALL ')})
  GROUP BY host_key, connection_key, netns_key, source, destination, port, own_port`;
  const heldAt = (ms: number) => `uniqExactIf(own_port, failures = 0 AND begun <= ${ms} AND free > ${ms})`;
  const ofHosts = conditionOf(hostsOnly(window.filter), 'namespace', 'rows', window.params);
  const sql = `SELECT toString(u.host_key) AS host_id, ${hostName('u.host_key')} AS host, toString(u.netns_key) AS netns, toString(source) AS local_addr,
  toString(destination) AS peer_addr, port AS peer_port, owner_now AS comm, used, used_before,
  nullIf(if(own_range > 0, own_range, n.size), 0) AS range, failed, failed_bound, if(failed = 0, NULL, last_failed_ms) AS failed_last_ms, count() OVER () AS total
FROM (
  SELECT host_key, netns_key, source, destination, port, argMax(owner, last) AS owner_now, ${heldAt(to_ms)} AS used, ${heldAt(trend_ms)} AS used_before,
    sum(failures) AS failed, sum(bound) AS failed_bound, toUnixTimestamp64Milli(max(failed_at)) AS last_failed_ms, max(failed_range) AS own_range
  FROM (${connections}) GROUP BY host_key, netns_key, source, destination, port HAVING used + failed > 0
) AS u
LEFT JOIN (
  SELECT host_id AS host_key, netns AS netns_key, argMax(port_range, time_ns) AS size
  FROM namespace WHERE ${window.time} AND ${ofHosts} GROUP BY host_key, netns_key
) AS n ON u.host_key = n.host_key AND u.netns_key = n.netns_key
ORDER BY failed > 0 DESC, if(isNull(range), 0, used / range) DESC, used DESC, failed DESC, host_id, local_addr, peer_addr, peer_port
LIMIT {limit:UInt32}`;
  const found = await store.query<Row>(sql, { ...window.params.values, limit }, limit);
  const ports = found.map(
    ({ total: _, ...use }): PortUse => ({
      ...use,
      local_addr: plainAddress(use.local_addr),
      peer_addr: plainAddress(use.peer_addr),
      full_in_s: fullIn(use, (to_ms - trend_ms) / 1000),
    }),
  );
  return { ports, total: found[0]?.total ?? 0 };
}

function fullIn({ used, used_before, range }: Pick<PortUse, 'used' | 'used_before' | 'range'>, span_s: number): number | null {
  const growth = used - used_before;
  if (range === null || growth <= 0 || span_s <= 0) return null;
  return Math.max(0, ((range - used) / growth) * span_s);
}
