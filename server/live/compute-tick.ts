// Computes the present state for the page, once for all viewers.
import type { LiveMessage } from '../api.ts';
import { EDGES_DEFAULT } from '../query/routes.ts';
import { edges } from '../storage/queries/edges.ts';
import { overview } from '../storage/queries/overview.ts';
import type { Store } from '../storage/store.ts';

export async function computeTick(store: Store): Promise<LiveMessage> {
  const server_ms = Date.now();
  const range = {};
  return {
    type: 'tick',
    server_ms,
    overview: await overview(store, range, server_ms),
    edges: await edges(store, range, EDGES_DEFAULT, server_ms),
  };
}
