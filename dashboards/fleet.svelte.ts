// The hosts, for all pages: which are silent, and the id behind a name. Read at intervals.
import type { Host } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { poll } from './poll.ts';

const REFRESH_MS = 5000;
/** After this time without a report the host's figures are missing; agents report at each sweep, every 10 s. */
const SILENT_MS = 35_000;
const RECORDING = 'recording ';

class Fleet {
  /** The hosts that were silent for longest, and the host whose page is open; sorted by name. */
  hosts = $state.raw<Host[]>([]);
  /** Number of all hosts: in a large fleet there are more than in `hosts`. */
  total = $state(0);
  /** whether the list was read at least once */
  known = $state(false);
  problem = $state('');

  #asked = $state<string>();

  /** @param named name or id of the host whose page is open. @returns stops it */
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

  /** Whether the answer for a host of this name has arrived. */
  knows(named: string): boolean {
    return this.known && (this.#asked === named || this.total <= this.hosts.length);
  }

  /** The id of a host, from its name, or from the id in decimal or in 16 hex digits. */
  idOf(text: string): string | null {
    const named = this.hosts.find((host) => host.name === text || host.host_id === text);
    if (named) return named.host_id;
    if (/^[0-9a-f]{16}$/.test(text)) return BigInt(`0x${text}`).toString();
    return /^\d{1,20}$/.test(text) ? text : null;
  }

  /** Names of replayed recordings, each once: a replay reports under such a name, and a real host's name has no space. */
  get recordings(): string[] {
    return [...new Set(this.hosts.map(({ name }) => name).filter((name) => name.startsWith(RECORDING)))];
  }

  get silent(): Host[] {
    return this.hosts.filter((host) => host.lag_ms > SILENT_MS && !host.name.startsWith(RECORDING));
  }
}

export const fleet = new Fleet();
