// The question of the page, asked twice: in steps for the chart, and of the whole time for the table.
import type { Explored } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { exploreQuery } from '../../explore-view.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const REFRESH_MS_MIN = 10_000;

export type Answers = { whole: Explored; steps: Explored };

export class Explore extends Asked<Answers> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** @param key identifies the question. @returns how to stop */
  ask(view: Pick<ViewState, 'range' | 'filter' | 'explore'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const asked = rangeQuery(view, live.serverNow());
      const whole = await this.#api.explore({ ...asked, ...exploreQuery(view.explore, 'none') }, signal);
      return { whole, steps: await this.#api.explore({ ...asked, ...exploreQuery(view.explore, 'auto') }, signal) };
    });
  }
}
