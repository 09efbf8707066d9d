// The list of hosts as the view asks for it, asked for again all the time.
import type { Fleet } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { type FleetView, fleetQuery } from '../../fleet-view.ts';
import { poll } from '../../poll.ts';

/** A new host is to be seen within five seconds. */
const REFRESH_MS = 2000;

export class FleetList {
  answer = $state.raw<Fleet | null>(null);
  problem = $state('');
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** @returns how to stop */
  follow(view: FleetView, limit: number): () => void {
    return poll(async (signal) => {
      try {
        const answer = await this.#api.fleet(fleetQuery(view, limit), signal);
        if (signal.aborted) return;
        this.answer = answer;
        this.problem = '';
      } catch (error) {
        if (error instanceof ApiError) this.problem = error.message;
      }
    }, REFRESH_MS);
  }
}
