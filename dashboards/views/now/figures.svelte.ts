// The figures of the page: from the live tick where that is what is shown, asked for elsewhere.
import type { Edges, Overview } from '../../../server/api.ts';
import { type ApiClient, ApiError, type Query } from '../../api-client.ts';
import { isUnfiltered } from '../../filter.ts';
import { fleet } from '../../fleet.svelte.ts';
import { live } from '../../live.svelte.ts';
import { poll } from '../../poll.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, LIVE_RANGE, RANGES, type Sort, type ViewState } from '../../view-state.ts';

type Answer = { overview: Overview; edges: Edges; arrived_ms: number };

export class Figures {
  #answer = $state.raw<Answer | null>(null);
  loading = $state(true);
  /** The last refusal, and since when every attempt has been refused. */
  problem = $state.raw<{ message: string; since_ms: number } | null>(null);

  readonly #api: ApiClient;
  #key: string | null = null;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  overview = $derived.by((): Overview | null => this.#answer?.overview ?? null);
  edges = $derived.by((): Edges | null => this.#answer?.edges ?? null);
  arrived_ms = $derived.by((): number => this.#answer?.arrived_ms ?? 0);

  /** Takes the figures of a live tick, if the view shows what ticks cover. */
  takeTick(view: ViewState): void {
    const { tick } = live;
    if (!tick || !ticks(view)) return;
    const edges = sortableHere(tick.edges, view.sort) ? sortEdges(tick.edges, view.sort) : (this.#answer?.edges ?? tick.edges);
    this.#answer = { overview: tick.overview, edges, arrived_ms: Date.now() };
    this.#succeed();
  }

  /** Asks at once and then every `every_ms`. `key` identifies the question: figures of another question are marked as old until the answer comes. Returns a function that stops it. */
  follow(view: Pick<ViewState, 'range' | 'filter' | 'sort'>, key: string, every_ms: number): () => void {
    if (key !== this.#key) this.loading = true;
    this.#key = key;
    return poll((signal) => this.#ask(view, signal), every_ms);
  }

  async #ask(view: Pick<ViewState, 'range' | 'filter' | 'sort'>, signal: AbortSignal): Promise<void> {
    if (live.paused_since_ms > 0 && !this.loading) return;
    const { query, error } = rangeQuery(view, fleet.hosts, live.serverNow());
    if (!query) return this.#fail(error);
    try {
      const answer = await this.#load(query, view.sort, signal);
      if (signal.aborted) return;
      this.#answer = answer;
      this.#succeed();
    } catch (cause) {
      if (!signal.aborted) this.#fail(cause instanceof ApiError ? cause.message : String(cause));
    }
  }

  async #load(query: Query, sort: Sort, signal: AbortSignal): Promise<Answer> {
    const [overview, edges] = await Promise.all([this.#api.overview(query, signal), this.#api.edges(query, sort, signal)]);
    return { overview, edges, arrived_ms: Date.now() };
  }

  #succeed(): void {
    this.loading = false;
    this.problem = null;
  }

  #fail(message: string): void {
    this.loading = false;
    this.problem = { message, since_ms: this.problem?.since_ms ?? Date.now() };
  }
}

/** Whether the view shows what a live tick covers: the last 15 minutes, without a filter. */
export const ticks = (view: Pick<ViewState, 'range' | 'filter'>): boolean => view.range === LIVE_RANGE && isUnfiltered(view.filter);

/** How often to ask, ms. A fixed range is asked once, and so is a view of which ticks bring all figures. */
export function refreshEvery(view: Pick<ViewState, 'range' | 'filter' | 'sort'>, connected: boolean): number {
  if (isSpan(view.range)) return Number.POSITIVE_INFINITY;
  if (ticks(view) && connected && (!live.tick || sortableHere(live.tick.edges, view.sort))) return Number.POSITIVE_INFINITY;
  return RANGES[view.range].refresh_ms;
}

/** A tick brings the first edges by retransmitted segments. With another order the first edges may be others, so these are asked for. */
const sortableHere = (edges: Edges, sort: Sort): boolean => sort === 'retrans' || edges.edges.length >= edges.total;

function sortEdges({ edges, total }: Edges, sort: Sort): Edges {
  return { edges: edges.toSorted((a, b) => Number(a.others) - Number(b.others) || (b[sort] ?? -1) - (a[sort] ?? -1)), total };
}
