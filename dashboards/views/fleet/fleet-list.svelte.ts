// The list of hosts for the view, read at short intervals.
import type { Fleet } from '../../../server/api.ts';
import type { ApiClient } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { type FleetView, fleetQuery } from '../../fleet-view.ts';
import { poll } from '../../poll.ts';

/** A new host must appear within five seconds. */
const REFRESH_MS = 2000;

export class FleetList {
  answer = $state.raw<Fleet | null>(null);
  problem = $state('');
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** @returns stops it */
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
