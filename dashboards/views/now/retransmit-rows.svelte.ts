// Rows of the live table: those stored when the page opened, then each as the collector acknowledges it.
import type { Retransmit } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { live } from '../../live.svelte.ts';
import { type LiveFilter, liveFilter } from '../../live-filter.ts';
import { mergeNewest, rowKey } from '../../newest.ts';
import { poll } from '../../poll.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, type ViewState } from '../../view-state.ts';

/** Nobody reads more rows. How many there are is counted apart. */
export const ROWS_MAX = 500;
/** A row acknowledged before this page joined the feed is in the store soon: groups are inserted about twice a second, a busy store takes longer. */
const SETTLED_MS = 2500;
const READS = 4;
/** Of more rows than these at once nobody reads any: they are shown once a second. */
const CALM_ROWS = 20;
const CROWDED_MS = 1000;

export class RetransmitRows {
  rows = $state.raw<Retransmit[]>([]);
  /** All of the view: those that the store has, and those that came since. */
  total = $state(0);
  /** How many came while the table was held. */
  waiting = $state(0);
  /** Rows that the collector left out of the live feed since the view opened. */
  skipped = $state(0);
  held = $state(false);
  problem = $state('');
  /** The tests of the filter that live rows cannot answer: rows are those of the store then. */
  untold = $state.raw<readonly string[]>([]);

  readonly #api: ApiClient;
  /** Came and are not shown yet; the newest of them. */
  #fresh: Retransmit[] = [];
  #showing: ReturnType<typeof setTimeout> | undefined;
  #crowded_until_ms = 0;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Starts again for this view, and listens to the feed unless the range is fixed. Returns a function that ends it. */
  follow(view: Pick<ViewState, 'range' | 'filter'>): () => void {
    this.rows = [];
    this.total = 0;
    this.waiting = 0;
    this.skipped = 0;
    this.#fresh = [];
    const filter = liveFilter(view.filter);
    this.untold = isSpan(view.range) ? [] : filter.untold;
    const isFed = !isSpan(view.range) && filter.untold.length === 0;
    const stop = isFed ? live.listen((rows, skipped) => this.#take(rows, skipped, filter)) : () => undefined;
    return () => {
      clearTimeout(this.#showing);
      this.#showing = undefined;
      stop();
    };
  }

  /** Reads the stored rows of the view, and reads them again until rows that were not stored yet have come: for ever, where no live ones do. Returns a function that stops it. */
  catchUp(view: Pick<ViewState, 'range' | 'filter'>): () => void {
    let reads = 0;
    const stop = poll(async (signal) => {
      if (await this.#read(view, signal)) reads++;
      if (reads >= READS && this.untold.length === 0) stop();
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

  #take(incoming: readonly Retransmit[], skipped: number, filter: LiveFilter): void {
    this.skipped += skipped;
    this.total += this.#add(incoming.filter(filter.matches));
  }

  /** @returns how many of them are new here */
  #add(incoming: readonly Retransmit[]): number {
    const known = new Set([...this.rows, ...this.#fresh].map(rowKey));
    const fresh = incoming.filter((row) => !known.has(rowKey(row)));
    if (fresh.length === 0) return 0;
    this.#fresh = mergeNewest(this.#fresh, fresh, ROWS_MAX);
    if (this.held && this.rows.length > 0) this.waiting += fresh.length;
    else this.#plan();
    return fresh.length;
  }

  #plan(): void {
    this.#showing ??= setTimeout(() => this.#show(), Math.max(0, this.#crowded_until_ms - Date.now()));
  }

  #show(): void {
    clearTimeout(this.#showing);
    this.#showing = undefined;
    if (this.held && this.rows.length > 0) return;
    this.#crowded_until_ms = this.#fresh.length > CALM_ROWS ? Date.now() + CROWDED_MS : 0;
    if (this.#fresh.length > 0) this.rows = mergeNewest(this.rows, this.#fresh, ROWS_MAX);
    this.#fresh = [];
    this.waiting = 0;
  }

  /** Whether the store has answered. */
  async #read(view: Pick<ViewState, 'range' | 'filter'>, signal: AbortSignal): Promise<boolean> {
    try {
      const { retransmits, total } = await this.#api.retransmits(rangeQuery(view, live.serverNow()), signal);
      if (signal.aborted) return true;
      this.problem = '';
      this.#add(retransmits);
      // The store may lack the newest, and the feed those that came before it.
      this.total = Math.max(this.total, total);
      return true;
    } catch (cause) {
      if (!signal.aborted) this.problem = cause instanceof ApiError ? cause.message : String(cause);
      return false;
    }
  }
}
