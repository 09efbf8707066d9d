// What fails on the hosts themselves: listeners, resets, packets dropped. Asked for, since the tick does not carry it.
import type { Drops, Listeners, Resets } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

/** Sweeps tell of listeners every 10 s; resets need not be there sooner. */
const REFRESH_MS_MIN = 5000;

export class Causes extends Asked<{ listeners: Listeners; resets: Resets; drops: Drops }> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** Asks at once and then as often as the range moves. @param key identifies the question. @returns how to stop */
  ask(view: Pick<ViewState, 'range' | 'filter'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      // One after the other: each is a query of the store, and the figures above want theirs, too.
      const listeners = await this.#api.listeners(query, signal);
      const resets = await this.#api.resets(query, signal);
      const drops = await this.#api.drops(query, signal);
      return { listeners, resets, drops };
    });
  }
}
