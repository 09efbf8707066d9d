// Who reports, and how far each can be trusted; asked for now and then, whatever page is open.
import type { Host } from '../server/api.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { poll } from './poll.ts';

const REFRESH_MS = 5000;
/** A host whose agent has not reported for this long is missing from the figures (agents report with each sweep, 10 s). */
const SILENT_MS = 35_000;

class Fleet {
  hosts = $state.raw<Host[]>([]);
  /** Whether the list has been read at all. */
  known = $state(false);
  problem = $state('');

  start(api: ApiClient): void {
    poll(async (signal) => {
      try {
        this.hosts = (await api.hosts({}, signal)).hosts;
        this.known = true;
        this.problem = '';
      } catch (error) {
        if (error instanceof ApiError) this.problem = error.message;
      }
    }, REFRESH_MS);
  }

  get silent(): Host[] {
    return this.hosts.filter((host) => host.lag_ms > SILENT_MS);
  }
}

export const fleet = new Fleet();
