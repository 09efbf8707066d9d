// The list of connections for the view, page by page. The first page is read again at intervals, unless further pages were read.
import type { Connections } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { connectionsQuery } from '../../connections-view.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const PAGE = 1000;
/** Limit of rows: to find a connection beyond it, a filter is needed. */
export const ROWS_MAX = 5000;
/** Each answer reads all rows of the range, so it is not asked for more often. */
const REFRESH_MS_MIN = 10_000;

export class ConnectionList extends Asked<Connections> {
  /** True while the pointer or the focus is in a row: then no row may move. */
  held = $state(false);
  #reading = false;
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** @param key identifies the question. @returns stops it */
  ask(view: Pick<ViewState, 'range' | 'filter' | 'connections'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      const isStill = live.paused_since_ms > 0 || this.held || (this.answer?.connections.length ?? 0) > PAGE;
      if (isStill && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      return this.#api.connections({ ...query, ...connectionsQuery(view.connections), limit: String(PAGE) }, signal);
    });
  }

  /** Adds the next page, of the same range. */
  async more(view: Pick<ViewState, 'range' | 'filter' | 'connections'>, key: string): Promise<void> {
    const { answer } = this;
    if (answer?.next == null || this.isOld || this.#reading || answer.connections.length >= ROWS_MAX) return;
    this.#reading = true;
    try {
      const query = rangeQuery({ ...view, range: { from_ms: answer.from_ms, to_ms: answer.to_ms } }, 0);
      const asked = { ...query, ...connectionsQuery(view.connections), limit: String(PAGE), after: answer.next };
      const page = await this.#api.connections(asked, new AbortController().signal);
      if (this.answer === answer) this.take(key, { ...page, connections: [...answer.connections, ...page.connections] });
    } catch {
      // A refusal is ignored: the next scroll asks again, and the page says how many rows it has.
    } finally {
      this.#reading = false;
    }
  }
}
