// Listening sockets: how full their accept queues are, how many connections they refused, and who owns them.
import type { Listeners } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { plainAddress } from './address.ts';
import { type Told, withHistory, withoutHistory } from './listener-history.ts';
import { type Asked, whereOf, windowOf } from './window.ts';

/**
 * Sweeps come at least this often. A socket whose last row is this much older than the newest row of its group counts as closed, even if
 * the row of its end is missing.
 */
const SWEEP_MS_MAX = 60_000;

/** One line for each socket: its last row, and sums of its rows in the range. `any` is cheaper, and right for members that never change. */
const SOCKETS = (
  where: string,
) => `SELECT host_id AS host_key, connection_id AS socket, argMax(comm, time_ns) AS comm_key, argMax(cgroup_id, time_ns) AS cgroup_key,
    any(netns) AS netns_key, argMax(pid, time_ns) AS owner_pid, any(local_addr) AS local, any(local_port) AS port,
    toUnixTimestamp64Milli(max(time_ns)) AS last,
    argMax(state, time_ns) != 'close' AS listens,
    (last, argMax(accept_queue, time_ns), argMax(accept_queue_limit, time_ns), argMax(syn_backlog, time_ns), listens) AS newest,
    sumIf(accept_queue, state = 'close') AS left_sum,
    max(accept_queue) AS queue_max, max(accept_queue / greatest(accept_queue_limit, 1)) AS fullest,
    sum(accepted) AS accepted_sum, sum(overflows) AS overflows_sum, sum(drops) AS drops_sum
  FROM listener FINAL WHERE ${where}
  GROUP BY host_key, socket`;

const IS_OPEN = `(n.1 >= last_ms - ${SWEEP_MS_MAX} AND n.5)`;
/** Sum of a part of `newest` over sockets that are still open; if none is, of the one that closed last. */
const still = (part: number) => `arraySum(arrayMap(n -> if(sockets > 0 ? ${IS_OPEN} : n.1 = last_ms, n.${part}, 0), all))`;

const listenersSql = (
  where: string,
) => `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, comm_key AS comm, ${containerName('g.host_key', 'g.cgroup_key')} AS container,
  toString(netns_key) AS netns, pid, toString(local) AS local_addr, port, last_ms,
  arrayCount(n -> ${IS_OPEN}, all) AS sockets,
  ${still(2)} AS accept_queue, ${still(3)} AS accept_queue_limit, ${still(4)} AS syn_backlog,
  accept_queue_max, full, accepted, overflows, drops, left_waiting, ids, count() OVER () AS total
FROM (
  SELECT host_key, comm_key, cgroup_key, netns_key, argMax(owner_pid, last) AS pid, local, port, max(last) AS last_ms, groupArray(newest) AS all, groupArray(toString(socket)) AS ids,
    max(queue_max) AS accept_queue_max, max(fullest) AS full, sum(accepted_sum) AS accepted, sum(overflows_sum) AS overflows, sum(drops_sum) AS drops,
    sum(left_sum) AS left_waiting
  FROM (${SOCKETS(where)})
  GROUP BY host_key, comm_key, cgroup_key, netns_key, local, port
) AS g
ORDER BY overflows DESC, drops DESC, full DESC, accepted DESC, host_id, port, local_addr
LIMIT {limit:UInt32}`;

/**
 * The `limit` listeners that refused most because of a full queue; then those that dropped most for any reason, the fullest, and the
 * busiest. Read from rows.
 */
export async function listeners(
  store: Queryable,
  asked: Asked,
  { limit, history }: { limit: number; history: boolean },
  now_ms: number,
): Promise<Listeners> {
  const window = windowOf(asked, now_ms, 'rows');
  const sql = listenersSql(whereOf(window, 'listener'));
  const rows = await store.query<Told & { total: number }>(sql, { ...window.params.values, limit }, limit);
  const found = rows.map(({ total: _, ...listener }) => ({ ...listener, local_addr: plainAddress(listener.local_addr) }));
  return { listeners: history ? await withHistory(store, window, found) : found.map(withoutHistory), total: rows[0]?.total ?? 0 };
}
