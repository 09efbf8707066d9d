// The rows of the live table: first the stored ones, then each row when the collector acknowledges it.
import type { Retransmit } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { live } from '../../live.svelte.ts';
import { type LiveFilter, liveFilter } from '../../live-filter.ts';
import { mergeNewest, rowKey } from '../../newest.ts';
import { poll } from '../../poll.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, type ViewState } from '../../view-state.ts';

/** Nobody reads more rows. Their total number is counted separately. */
export const ROWS_MAX = 500;
/**
 * Rows that were acknowledged before the page joined the feed are in the store after about this time: segments are inserted about twice a
 * second, and later if the store is busy.
 */
const SETTLED_MS = 2500;
const READS = 4;
/** If more rows than this arrive at once, the table changes only once a second, as nobody could read it otherwise. */
const CALM_ROWS = 20;
const CROWDED_MS = 1000;

export class RetransmitRows {
  rows = $state.raw<Retransmit[]>([]);
  /** Number of rows of the view: those in the store, and those that came since. */
  total = $state(0);
  /** Number of rows that came while the table was held. */
  waiting = $state(0);
  /** Rows that the collector left out of the live feed since the view opened. */
  skipped = $state(0);
  held = $state(false);
  problem = $state('');
  /** Tests of the filter that live rows cannot answer. If there are any, all rows are read from the store. */
  untold = $state.raw<readonly string[]>([]);

  readonly #api: ApiClient;
  /** Rows that came and are not shown yet; at most ROWS_MAX, the newest. */
  #fresh: Retransmit[] = [];
  #showing: ReturnType<typeof setTimeout> | undefined;
  #crowded_until_ms = 0;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Starts anew for this view, and listens to the feed unless the range is fixed. @returns ends it */
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

  /**
   * Reads the stored rows of the view, several times, until rows that were not stored at first have been read too. Without live rows it
   * does not stop. @returns stops it
   */
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

  /** @returns the number of rows that were not known */
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

  /** @returns whether the store has answered */
  async #read(view: Pick<ViewState, 'range' | 'filter'>, signal: AbortSignal): Promise<boolean> {
    try {
      const { retransmits, total } = await this.#api.retransmits(rangeQuery(view, live.serverNow()), signal);
      if (signal.aborted) return true;
      this.problem = '';
      this.#add(retransmits);
      // The store may lack the newest rows, and the feed older ones, so the larger count is right.
      this.total = Math.max(this.total, total);
      return true;
    } catch (cause) {
      if (!signal.aborted) this.problem = cause instanceof ApiError ? cause.message : String(cause);
      return false;
    }
  }
}
