// When each host last sent something to any collector of the store.
import { decimal } from '../storage/accounting.ts';
import type { Queryable } from '../storage/engine.ts';

/** The limit of control channels. */
const HEARD_MAX = 20_000;

export class LastHeard {
  readonly #store: Queryable;
  /** By host: when this collector last heard it, ms since the epoch. */
  readonly #here = new Map<string, number>();

  constructor(store: Queryable) {
    this.#store = store;
  }

  note(host_id: string, now_ms: number): void {
    this.#here.set(host_id, now_ms);
  }

  forget(host_id: string): void {
    this.#here.delete(host_id);
  }

  /** Hosts that have reported to any collector since `at_ms`; 16 hex digits each. */
  async since(at_ms: number): Promise<Set<string>> {
    const found = await this.#store.query<{ host_id: string }>(
      'SELECT lower(hex(host_id)) AS host_id FROM host GROUP BY host_id HAVING max(at) > fromUnixTimestamp64Milli({at_ms:Int64})',
      { at_ms },
      HEARD_MAX,
    );
    return new Set(found.map(({ host_id }) => host_id.padStart(16, '0')));
  }

  /** When the host was last heard, by this collector or by its reports to others. ms since the epoch; 0: never. */
  async of(host_id: string): Promise<number> {
    const [found] = await this.#store.query<{ at_ms: number }>(
      'SELECT toUnixTimestamp64Milli(max(at)) AS at_ms FROM host WHERE host_id = {host_id:UInt64}',
      { host_id: decimal(host_id) },
      1,
    );
    return Math.max(this.#here.get(host_id) ?? 0, found?.at_ms ?? 0);
  }
}
