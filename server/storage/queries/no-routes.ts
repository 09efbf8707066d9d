// Packets and connects for which hosts had no route. Only the counters of namespaces have all of them; rows of connections do not.
import type { Range } from '../../api.ts';
import type { Store } from '../store.ts';
import { windowOf } from './window.ts';

/** How many there were in the range. Namespaces have no process, port or peer, so with such a filter there are none. */
export async function noRoutes(store: Store, range: Range, now_ms: number): Promise<number> {
  const { where, params } = windowOf(range, now_ms, 'rows');
  const [found] = await store.query<{ sum: number }>(`SELECT sum(out_no_routes) AS sum FROM namespace FINAL WHERE ${where}`, params, 1);
  return found?.sum ?? 0;
}
