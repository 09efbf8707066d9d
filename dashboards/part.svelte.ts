// A part of a page that asks its own question, so that its refusal does not affect the other parts.
import { untrack } from 'svelte';
import type { ApiClient, Query } from './api-client.ts';
import { Asked } from './asked.svelte.ts';
import { live } from './live.svelte.ts';
import { rangeQuery } from './range-query.ts';
import { view } from './view.svelte.ts';
import { formatViewState, isSpan, RANGES, type ViewState } from './view-state.ts';

const REFRESH_MS_MIN = 10_000;

/** @param asked range and filter of the view */
export type Question<Answer> = (api: ApiClient, asked: Query, view: ViewState, signal: AbortSignal) => Promise<Answer>;

export class Part<Answer> extends Asked<Answer> {
  readonly #api: ApiClient;
  readonly #question: Question<Answer>;

  constructor(api: ApiClient, question: Question<Answer>) {
    super();
    this.#api = api;
    this.#question = question;
  }

  /** @param key identifies the question. @returns stops it */
  ask(view: ViewState, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      return this.#question(this.#api, rangeQuery(view, live.serverNow()), view, signal);
    });
  }
}

/** Identifies a page's question: the whole link without panels over the page. */
export const questionKey = (state: ViewState): string => formatViewState({ ...state, connection: null, panel: null });

/**
 * Creates a part that asks again whenever the result of `keyOf` changes. Called while a component is created.
 * @param keyOf for a part that depends only on some of the link
 */
export function startPart<Answer>(api: () => ApiClient, question: Question<Answer>, keyOf = questionKey): Part<Answer> {
  const part = new Part(untrack(api), question);
  const key = $derived(keyOf(view.state));
  $effect(() => {
    const asked = key;
    return untrack(() => part.ask(view.state, asked));
  });
  return part;
}
