// The question of the page, asked twice: in steps for the chart, and of the whole time for the table.
import { allOf } from '../../../agent/contract/language/write.ts';
import type { Explored } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { Asked } from '../../asked.svelte.ts';
import { type ExploreView, exploreQuery } from '../../explore-view.ts';
import { fleet } from '../../fleet.svelte.ts';
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
      const { query, error } = rangeQuery(view, fleet.hosts, live.serverNow());
      if (!query) throw new ApiError('unknown_host', error, 0);
      const filter = expressionOf(query['filter'] ?? '', view.explore.where);
      const asked = { ...query, ...(filter !== '' && { filter }) };
      return this.#answers(asked, view.explore, signal);
    });
  }

  async #answers(asked: Query, explore: ExploreView, signal: AbortSignal): Promise<Answers> {
    try {
      const whole = await this.#api.explore({ ...asked, ...exploreQuery(explore, 'none') }, signal);
      return { whole, steps: await this.#api.explore({ ...asked, ...exploreQuery(explore, 'auto') }, signal) };
    } catch (cause) {
      // The lines below the first one repeat the expression, with a mark below the place.
      if (cause instanceof ApiError && cause.code === 'filter_invalid')
        throw new ApiError(cause.code, cause.message.split('\n')[0] ?? '', cause.status, { cause });
      throw cause;
    }
  }
}

/** Both; what is wrong with the text that a person wrote is said with its place. */
function expressionOf(filter: string, where: string): string {
  try {
    return allOf(filter, where);
  } catch (cause) {
    throw new ApiError('filter_invalid', cause instanceof Error ? cause.message : String(cause), 0);
  }
}
