// What fails on the hosts themselves: listeners, resets, packets dropped. Asked for, since the tick does not carry it.
import type { Drops, Listeners, Resets } from '../../../server/api.ts';
import { type ApiClient, ApiError } from '../../api-client.ts';
import { fleet } from '../../fleet.svelte.ts';
import { live } from '../../live.svelte.ts';
import { poll } from '../../poll.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

/** Sweeps tell of listeners every 10 s; resets need not be there sooner. */
const REFRESH_MS_MIN = 5000;

type Found = { listeners: Listeners; resets: Resets; drops: Drops };

export class Causes {
  found = $state.raw<Found | null>(null);
  problem = $state('');

  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Asks at once and then as often as the range moves. Returns a function that stops it. */
  follow(view: Pick<ViewState, 'range' | 'filter'>): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return poll((signal) => this.#ask(view, signal), every_ms);
  }

  async #ask(view: Pick<ViewState, 'range' | 'filter'>, signal: AbortSignal): Promise<void> {
    if (live.paused_since_ms > 0 && this.found !== null) return;
    const { query, error } = rangeQuery(view, fleet.hosts, live.serverNow());
    this.problem = error;
    if (!query) return;
    try {
      // One after the other: each is a query of the store, and the figures above want theirs, too.
      const listeners = await this.#api.listeners(query, signal);
      const resets = await this.#api.resets(query, signal);
      const drops = await this.#api.drops(query, signal);
      if (!signal.aborted) this.found = { listeners, resets, drops };
    } catch (cause) {
      if (!signal.aborted) this.problem = cause instanceof ApiError ? cause.message : String(cause);
    }
  }
}
