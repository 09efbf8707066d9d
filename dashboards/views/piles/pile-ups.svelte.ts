// What piles up in the view, asked for as often as sweeps look.
import type { Piles } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { live } from '../../live.svelte.ts';
import { pilesQuery } from '../../piles-view.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const REFRESH_MS_MIN = 5000;
export const ROWS_MOST = 100;

export class PileUps extends Asked<Piles> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** @param key identifies the question. @returns how to stop */
  ask(view: Pick<ViewState, 'range' | 'filter' | 'piles'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      return this.#api.piles({ ...query, ...pilesQuery(view.piles), limit: String(ROWS_MOST) }, signal);
    });
  }
}
