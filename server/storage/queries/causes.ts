// Groups resets and dropped packets by process, peer, direction and the kernel's reason, the most frequent first.
import type { DropGroup, Drops, ResetGroup, Resets } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { SERVICE_ADDR, SERVICE_PORT } from '../figures.ts';
import { plainAddress } from './address.ts';
import { noRoutes } from './no-routes.ts';
import { rowsOf } from './stray.ts';
import { type Asked, windowOf } from './window.ts';

/** The columns of a group. Their names differ from those of the rows' columns, so that they hide none of them. */
const BETWEEN = {
  host_key: 'host_id',
  comm: 'comm',
  cgroup_key: 'cgroup_id',
  role: 'role',
  peer: 'peer_addr',
  port: SERVICE_PORT,
  service: SERVICE_ADDR,
  direction: 'direction',
  reason: 'reason',
  has_socket: 'has_socket',
} as const;

/** The connection of the newest row that has a connection. */
const NEWEST =
  'toString(argMaxIf(connection_id, time_ns, connection_id != 0)) AS newest_connection, toUnixTimestamp64Milli(max(time_ns)) AS last_ms';

/** @param from the source of rows. @param more further columns of the group. @param figures the group's sums, as `expression AS name` */
function grouped(from: string, more: readonly string[], figures: readonly string[], order: string): string {
  const keys = [...Object.entries(BETWEEN), ...more.map((name) => [name, name])];
  const columns = keys.map(([name, expression]) => (name === expression ? name : `${expression} AS ${name}`));
  const names = figures.map((figure) => figure.slice(figure.lastIndexOf(' ') + 1));
  return `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, comm, ${containerName('g.host_key', 'g.cgroup_key')} AS container,
  role, toString(peer) AS peer_addr, toString(service) AS service_addr, port, direction, reason, has_socket, last_ms, newest_connection AS connection_id,
  ${[...more, ...names].join(', ')}, count() OVER () AS total
FROM (
  SELECT ${[...columns, ...figures, NEWEST].join(', ')}
  FROM ${from}
  GROUP BY ${keys.map(([name]) => name).join(', ')}
) AS g
ORDER BY ${order}, last_ms DESC, host_id, comm, peer_addr, port
LIMIT {limit:UInt32}`;
}

const plainEnds = ({ peer_addr, service_addr }: Pick<ResetGroup, 'peer_addr' | 'service_addr'>) => ({
  peer_addr: plainAddress(peer_addr),
  service_addr: plainAddress(service_addr),
});

/** The `limit` most frequent groups of resets in the range. Read from rows, so only within their retention. */
export async function resets(store: Queryable, asked: Asked, limit: number, now_ms: number): Promise<Resets> {
  const window = windowOf(asked, now_ms, 'rows');
  const { from, looked_up } = await rowsOf(store, 'reset', window, ['reason', 'linger_zero', 'unread', 'idle_us']);
  const figures = ['count() AS resets', 'countIf(unread > 0) AS with_unread', 'quantilesIf(0.5, 0.99)(idle_us, idle_us > 0) AS idle'];
  const rows = await store.query<Omit<ResetGroup, 'idle_p50_us' | 'idle_p99_us'> & { idle: Pair; total: number }>(
    grouped(from, ['linger_zero'], figures, 'resets DESC'),
    { ...window.params.values, limit },
    limit,
  );
  const groups = rows.map(({ idle: [idle_p50_us, idle_p99_us], total: _, ...group }) => ({
    ...group,
    ...plainEnds(group),
    idle_p50_us,
    idle_p99_us,
  }));
  return { resets: groups, total: rows[0]?.total ?? 0, looked_up };
}

type Pair = [number | null, number | null];

/** The `limit` most frequent groups of freed packets in the range; those whose packets were lost come first. Read from rows. */
export async function drops(store: Queryable, asked: Asked, limit: number, now_ms: number): Promise<Drops> {
  const window = windowOf(asked, now_ms, 'rows');
  const { from, looked_up } = await rowsOf(store, 'drop', window, ['meaning', 'reason', 'location', 'length']);
  const figures = ['count() AS packets', 'sum(length) AS bytes'];
  const sql = grouped(from, ['meaning', 'location'], figures, "meaning = 'lost' DESC, packets DESC");
  const rows = await store.query<DropGroup & { total: number }>(sql, { ...window.params.values, limit }, limit);
  const groups = rows.map(({ total: _, ...group }) => ({ ...group, ...plainEnds(group) }));
  return { drops: groups, total: rows[0]?.total ?? 0, looked_up, out_no_routes: await noRoutes(store, asked, now_ms) };
}
