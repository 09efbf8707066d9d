// A part of a page that asks for itself, so that one which is refused takes no other with it.
import type { ApiClient, Query } from './api-client.ts';
import { Asked } from './asked.svelte.ts';
import { live } from './live.svelte.ts';
import { rangeQuery } from './range-query.ts';
import { isSpan, RANGES, type ViewState } from './view-state.ts';

const REFRESH_MS_MIN = 10_000;

/** @param asked the range and the filter of the view */
export type Question<Answer> = (api: ApiClient, asked: Query, view: ViewState, signal: AbortSignal) => Promise<Answer>;

export class Part<Answer> extends Asked<Answer> {
  readonly #api: ApiClient;
  readonly #question: Question<Answer>;

  constructor(api: ApiClient, question: Question<Answer>) {
    super();
    this.#api = api;
    this.#question = question;
  }

  /** @param key identifies the question. @returns how to stop */
  ask(view: ViewState, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      return this.#question(this.#api, rangeQuery(view, live.serverNow()), view, signal);
    });
  }
}
