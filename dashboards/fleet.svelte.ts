// Who reports, and how far each can be trusted; asked for now and then, whatever page is open.
import type { Host } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { poll } from './poll.ts';

const REFRESH_MS = 5000;
/** A host whose agent has not reported for this long is missing from the figures (agents report with each sweep, 10 s). */
const SILENT_MS = 35_000;
const RECORDING = 'recording ';

class Fleet {
  /** The hosts that have been silent for longest, by name, and the host whose page is open. */
  hosts = $state.raw<Host[]>([]);
  /** How many there are: a large fleet has more than the list. */
  total = $state(0);
  /** Whether the list has been read at all. */
  known = $state(false);
  problem = $state('');

  #asked = $state<string>();

  /** @param named the host whose page is open, by whatever it is called. @returns how to stop */
  start(api: ApiClient, named: string | undefined): () => void {
    return poll(async (signal) => {
      try {
        const { hosts, total } = await api.hosts({ sort: 'last_seen' }, signal);
        const missed = named !== undefined && total > hosts.length && !hosts.some(({ name }) => name === named);
        const found = missed ? (await api.hosts({ name: named }, signal)).hosts : [];
        this.hosts = [...hosts, ...found].sort((a, b) => a.name.localeCompare(b.name));
        this.total = total;
        this.#asked = named;
        this.known = true;
        this.problem = '';
      } catch (error) {
        if (error instanceof ApiError) this.problem = error.message;
      }
    }, REFRESH_MS);
  }

  /** Whether the answer about a host of this name has come. */
  knows(named: string): boolean {
    return this.known && (this.#asked === named || this.total <= this.hosts.length);
  }

  /** Of a host's name, or its id in decimal or as the 16 hex digits that agents print. */
  idOf(text: string): string | null {
    const named = this.hosts.find((host) => host.name === text || host.host_id === text);
    if (named) return named.host_id;
    if (/^[0-9a-f]{16}$/.test(text)) return BigInt(`0x${text}`).toString();
    return /^\d{1,20}$/.test(text) ? text : null;
  }

  /** Those that no host is behind: a replay calls itself so, and no host's name has a space. Each name once, however often it is replayed. */
  get recordings(): string[] {
    return [...new Set(this.hosts.map(({ name }) => name).filter((name) => name.startsWith(RECORDING)))];
  }

  get silent(): Host[] {
    return this.hosts.filter((host) => host.lag_ms > SILENT_MS && !host.name.startsWith(RECORDING));
  }
}

export const fleet = new Fleet();
