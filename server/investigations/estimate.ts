// Estimates what an investigation would follow, by the rows of the last minutes.
import type { Estimate } from '../api/investigations.ts';
import type { Queryable } from '../storage/engine.ts';
import { conditionOf, EVERYTHING, type StoredFilter } from '../storage/language/condition.ts';
import { Params } from '../storage/language/params.ts';
import { rowsTime } from '../storage/queries/window.ts';

const SPAN_MS = 5 * 60_000;
/** In rows of both kinds, `segs_in` and `segs_out` count segments since the connection's row before. */
const COUNTED = ['connection', 'sample'] as const;

/** @param connections filter of connections. @param hosts filter of hosts */
export async function estimateOf(store: Queryable, connections: StoredFilter, hosts: StoredFilter, now_ms: number): Promise<Estimate> {
  const params = new Params();
  const { span } = EVERYTHING;
  const filter: StoredFilter = { op: 'and', terms: [connections, hosts], span };
  const time = rowsTime(now_ms - SPAN_MS, now_ms);
  const rows = COUNTED.map(
    (kind) =>
      `SELECT host_id, connection_id, segs_in + segs_out AS segments FROM ${kind} FINAL WHERE ${time} AND ${conditionOf(filter, kind, 'rows', params)}`,
  );
  const [found] = await store.query<{ hosts: number; connections: number; segments: number; most: number }>(
    `SELECT count() AS hosts, sum(c) AS connections, sum(s) AS segments, max(s) AS most
FROM (SELECT uniqExact(connection_id) AS c, sum(segments) AS s FROM (${rows.join(' UNION ALL ')}) GROUP BY host_id)`,
    params.values,
    1,
  );
  const { hosts: hosts_found = 0, connections: connections_found = 0, segments = 0, most = 0 } = found ?? {};
  const perSecond = (count: number) => (count * 1000) / SPAN_MS;
  return {
    hosts: hosts_found,
    connections: connections_found,
    segments_per_s: perSecond(segments),
    segments_per_s_most: perSecond(most),
  };
}
