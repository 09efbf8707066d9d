// One host and its history over the view's range, read at short intervals.
import type { FleetOne } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { poll } from '../../poll.ts';
import { isSpan, RANGES, type ViewState } from '../../view-state.ts';

const REFRESH_MS = 2000;

export class HostHistory {
  found = $state.raw<FleetOne | null>(null);
  problem = $state('');
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** @param serverNow the collector's clock. @returns stops it */
  follow(host_id: string, range: ViewState['range'], serverNow: () => number): () => void {
    const every_ms = isSpan(range) ? REFRESH_MS * 5 : Math.max(REFRESH_MS, RANGES[range].refresh_ms);
    return poll(async (signal) => {
      const now_ms = serverNow();
      const span = isSpan(range) ? range : { from_ms: now_ms - RANGES[range].length_ms, to_ms: now_ms };
      const query = { from: String(Math.floor(span.from_ms)), to: String(Math.ceil(span.to_ms)) };
      try {
        const found = await this.#api.fleetHost(host_id, query, signal);
        if (signal.aborted) return;
        this.found = found;
        this.problem = '';
      } catch (error) {
        if (error instanceof ApiError) this.problem = error.message;
      }
    }, every_ms);
  }
}
