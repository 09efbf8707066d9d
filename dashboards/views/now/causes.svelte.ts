// Causes on the hosts themselves: listeners, resets, dropped packets. They are read, since live ticks do not have them.
import type { Drops, Listeners, Resets } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

/** Sweeps have listeners every 10 s, and resets need not appear sooner. */
const REFRESH_MS_MIN = 5000;

export class Causes extends Asked<{ listeners: Listeners; resets: Resets; drops: Drops }> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** Reads at once and then at the range's interval. @param key identifies the question. @returns stops it */
  ask(view: Pick<ViewState, 'range' | 'filter'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      // One after the other: each is a query of the store, and the figures above the tables need queries too.
      const listeners = await this.#api.listeners(query, signal);
      const resets = await this.#api.resets(query, signal);
      const drops = await this.#api.drops(query, signal);
      return { listeners, resets, drops };
    });
  }
}
