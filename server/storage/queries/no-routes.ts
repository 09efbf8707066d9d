// Packets and connects for which hosts had no route: their namespaces count them, and no row of a connection has them all.
import type { Range } from '../../api.ts';
import type { Store } from '../store.ts';
import { windowOf } from './window.ts';

/** How many in the range. A namespace knows no process, port or peer: filtered by one, there are none. */
export async function noRoutes(store: Store, range: Range, now_ms: number): Promise<number> {
  const { where, params } = windowOf(range, now_ms, 'rows');
  const [found] = await store.query<{ sum: number }>(`SELECT sum(out_no_routes) AS sum FROM namespace FINAL WHERE ${where}`, params, 1);
  return found?.sum ?? 0;
}
