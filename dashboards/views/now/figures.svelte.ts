// The page's figures: from live ticks if these cover the view, otherwise read.
import type { Edges, Overview } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, LIVE_RANGE, RANGES, type Sort, type ViewState } from '../../view-state.ts';
import { sortEdges } from './edge-order.ts';

type Answer = { overview: Overview; edges: Edges };
type Asking = Pick<ViewState, 'range' | 'filter' | 'sort'>;

export class Figures extends Asked<Answer> {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** Takes the figures of a live tick, if ticks cover the view. */
  takeTick(view: Asking, key: string): void {
    const { tick } = live;
    if (!tick || !ticks(view)) return;
    if (sortableHere(tick.edges, view.sort)) this.take(key, { overview: tick.overview, edges: sortEdges(tick.edges, view.sort) });
    else if (this.answer && !this.isOld) this.take(key, { overview: tick.overview, edges: this.answer.edges });
  }

  /** @param key identifies the question. @returns stops it */
  ask(view: Asking, key: string, every_ms: number): () => void {
    return this.follow(key, every_ms, async (signal) => {
      if (live.paused_since_ms > 0 && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      const [overview, edges] = await Promise.all([this.#api.overview(query, signal), this.#api.edges(query, view.sort, signal)]);
      return { overview, edges };
    });
  }
}

/** Whether ticks cover the view: the last 15 minutes, without a filter. */
export const ticks = (view: Pick<ViewState, 'range' | 'filter'>): boolean => view.range === LIVE_RANGE && view.filter === '';

/** The interval of reading, ms. A fixed range is read once, as is a view whose figures all come with ticks. */
export function refreshEvery(view: Asking, isFed: boolean): number {
  if (isSpan(view.range)) return Number.POSITIVE_INFINITY;
  if (ticks(view) && isFed && (!live.tick || sortableHere(live.tick.edges, view.sort))) return Number.POSITIVE_INFINITY;
  return RANGES[view.range].refresh_ms;
}

/** Whether a tick's edges suffice. It has only the first edges by retransmitted segments; the first ones by another order may be others. */
const sortableHere = (edges: Edges, sort: Sort): boolean => sort === 'retrans' || edges.edges.length >= edges.total;
