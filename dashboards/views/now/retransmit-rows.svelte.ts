// Rows of the live table: those stored when the page opened, then each as the collector acknowledges it.
import type { Retransmit } from '../../../server/api.ts';
import { type ApiClient, ApiError } from '../../api-client.ts';
import { fleet } from '../../fleet.svelte.ts';
import { live } from '../../live.svelte.ts';
import { mergeNewest, rowKey } from '../../newest.ts';
import { poll } from '../../poll.ts';
import { matchesFilter, rangeQuery } from '../../range-query.ts';
import { isSpan, type ViewState } from '../../view-state.ts';

/** Nobody reads more rows, and drawing them takes time. */
export const ROWS_MAX = 500;
/** A row acknowledged before this page joined the feed is in the store soon: groups are inserted about twice a second, a busy store takes longer. */
const SETTLED_MS = 2500;
const READS = 4;

export class RetransmitRows {
  rows = $state.raw<Retransmit[]>([]);
  /** Rows that came while the table was paused. They are shown when it goes on. */
  waiting = $state.raw<Retransmit[]>([]);
  /** Rows that the collector left out of the live feed since the view opened. */
  skipped = $state(0);
  held = $state(false);
  problem = $state('');

  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Starts again for this view, and listens to the feed unless the range is fixed. Returns a function that ends it. */
  follow(view: Pick<ViewState, 'range' | 'filter'>): () => void {
    this.rows = [];
    this.waiting = [];
    this.skipped = 0;
    return isSpan(view.range) ? () => undefined : live.listen((rows, skipped) => this.#take(rows, skipped, view.filter));
  }

  /** Reads the stored rows of the view, and reads them again until rows that were not stored yet have come. Returns a function that stops it. */
  catchUp(view: Pick<ViewState, 'range' | 'filter'>): () => void {
    let reads = 0;
    const stop = poll(async (signal) => {
      if (await this.#read(view, signal)) reads++;
      if (reads >= READS) stop();
    }, SETTLED_MS);
    return stop;
  }

  hold(): void {
    this.held = true;
  }

  letGo(): void {
    this.held = false;
    this.#show();
  }

  #take(incoming: readonly Retransmit[], skipped: number, filter: ViewState['filter']): void {
    this.skipped += skipped;
    this.#add(incoming.filter((row) => matchesFilter(row, filter, fleet.hosts)));
  }

  #add(incoming: readonly Retransmit[]): void {
    const shown = new Set(this.rows.map(rowKey));
    const fresh = incoming.filter((row) => !shown.has(rowKey(row)));
    if (fresh.length === 0) return;
    if (this.held && shown.size > 0) this.waiting = mergeNewest(this.waiting, fresh, ROWS_MAX);
    else this.rows = mergeNewest(this.rows, fresh, ROWS_MAX);
  }

  #show(): void {
    if (this.waiting.length === 0) return;
    this.rows = mergeNewest(this.rows, this.waiting, ROWS_MAX);
    this.waiting = [];
  }

  /** Whether the store has answered. */
  async #read(view: Pick<ViewState, 'range' | 'filter'>, signal: AbortSignal): Promise<boolean> {
    const { query, error } = rangeQuery(view, fleet.hosts, live.serverNow());
    this.problem = error;
    if (!query) return false;
    try {
      const { retransmits } = await this.#api.retransmits(query, signal);
      if (!signal.aborted) this.#add(retransmits);
      return true;
    } catch (cause) {
      if (!signal.aborted) this.problem = cause instanceof ApiError ? cause.message : String(cause);
      return false;
    }
  }
}
