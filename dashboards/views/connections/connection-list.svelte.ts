// The list of connections as the view asks for it: one page after the other, and again while nobody reads further down.
import type { Connections } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { Asked } from '../../asked.svelte.ts';
import { connectionsQuery } from '../../connections-view.ts';
import { live } from '../../live.svelte.ts';
import { rangeQuery } from '../../range-query.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const PAGE = 1000;
/** Who has not found it by then needs a filter. */
export const ROWS_MAX = 5000;
/** Each answer reads all rows of the range. */
const REFRESH_MS_MIN = 10_000;

export class ConnectionList extends Asked<Connections> {
  /** Nothing moves while somebody points at a row, or reads one. */
  held = $state(false);
  #reading = false;
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    super();
    this.#api = api;
  }

  /** @param key identifies the question. @returns how to stop */
  ask(view: Pick<ViewState, 'range' | 'filter' | 'connections'>, key: string): () => void {
    const every_ms = isSpan(view.range) ? Number.POSITIVE_INFINITY : Math.max(REFRESH_MS_MIN, RANGES[view.range].refresh_ms);
    return this.follow(key, every_ms, async (signal) => {
      const isStill = live.paused_since_ms > 0 || this.held || (this.answer?.connections.length ?? 0) > PAGE;
      if (isStill && !this.loading) return undefined;
      const query = rangeQuery(view, live.serverNow());
      return this.#api.connections({ ...query, ...connectionsQuery(view.connections), limit: String(PAGE) }, signal);
    });
  }

  /** Adds the page that follows, of the same moment. */
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
      // The next scroll asks again; what is shown is whole as far as it goes, and says how far.
    } finally {
      this.#reading = false;
    }
  }
}
