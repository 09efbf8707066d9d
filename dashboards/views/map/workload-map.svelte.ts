// The map of the view, asked for now and then: it changes slowly.
import type { WorkloadMap } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const REFRESH_MS_MIN = 10_000;
export const EDGES_MOST = 2000;

export class AskedMap extends Asked<WorkloadMap> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** @param key identifies the question. @returns how to stop */
  ask(view: Pick<ViewState, 'range' | 'filter' | 'map'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      return this.#api.map({ ...query, harm: view.map.harm, limit: String(EDGES_MOST) }, signal);
    });
  }
}
