// Counts packets and connects for which hosts had no route. Only the counters of namespaces have all of them; connections' rows do not.
import type { Queryable } from '../engine.ts';
import { type Asked, whereOf, windowOf } from './window.ts';

/** The number in the range. Namespaces have no process, port or peer, so with a filter of these the number is 0. */
export async function noRoutes(store: Queryable, asked: Asked, now_ms: number): Promise<number> {
  const window = windowOf(asked, now_ms, 'rows');
  const sql = `SELECT sum(out_no_routes) AS sum FROM namespace FINAL WHERE ${whereOf(window, 'namespace')}`;
  const [found] = await store.query<{ sum: number }>(sql, window.params.values, 1);
  return found?.sum ?? 0;
}
