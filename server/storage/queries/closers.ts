// Who closes first, toward which destination: each such end leaves a TIME_WAIT.
import type { Closer } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { SERVICE_PORT } from '../figures.ts';
import { plainAddress } from './address.ts';
import { ratesOf } from './series.ts';
import { secondsOf, watchedSteps } from './watched.ts';
import { rowsOf, type Window } from './window.ts';

/** How long a TIME_WAIT lasts, in every Linux (TCP_TIMEWAIT_LEN). */
export const TIME_WAIT_MS = 60_000;

type Row = Omit<Closer, 'closed_first_per_s'> & { total: number };

/** The `limit` that closed first most often. */
export async function closers(store: Queryable, window: Window, limit: number): Promise<{ closers: Closer[]; total: number }> {
  const sql = `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, comm, ${containerName('g.host_key', 'g.cgroup_key')} AS container,
  side AS role, if(side = 'server', '', toString(destination)) AS peer_addr, port, closed_first, peer_first, last_minute, count() OVER () AS total
FROM (
  SELECT host_id AS host_key, comm, cgroup_id AS cgroup_key, role AS side, if(role = 'server', toIPv6('::'), peer_addr) AS destination, ${SERVICE_PORT} AS port,
    countIf(end_reason = 'fin_local') AS closed_first, countIf(end_reason = 'fin_peer') AS peer_first,
    countIf(end_reason = 'fin_local' AND toUnixTimestamp64Milli(time_ns) > ${window.to_ms - TIME_WAIT_MS}) AS last_minute
  FROM ${rowsOf('connection', { ...window, time: `${window.time} AND event = 'close'` })}
  GROUP BY host_key, comm, cgroup_key, side, destination, port HAVING closed_first + peer_first > 0
) AS g
ORDER BY closed_first DESC, peer_first DESC, host_id, comm, peer_addr, port, role
LIMIT {limit:UInt32}`;
  const [rows, watched] = await Promise.all([
    store.query<Row>(sql, { ...window.params.values, limit }, limit),
    watchedSteps(store, window),
  ]);
  const span_s = ratesOf(secondsOf(watched, window), window);
  const found = rows.map(
    ({ total: _, ...one }): Closer => ({
      ...one,
      peer_addr: one.peer_addr === '' ? '' : plainAddress(one.peer_addr),
      closed_first_per_s: one.closed_first / span_s,
    }),
  );
  return { closers: found, total: rows[0]?.total ?? 0 };
}
