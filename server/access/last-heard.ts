// When each host has last sent something, whichever collector took it.
import { decimal } from '../storage/accounting.ts';
import type { Store } from '../storage/store.ts';

export class LastHeard {
  readonly #store: Pick<Store, 'query'>;
  /** By host, ms since the epoch: what this collector took. */
  readonly #here = new Map<string, number>();

  constructor(store: Pick<Store, 'query'>) {
    this.#store = store;
  }

  note(host_id: string, now_ms: number): void {
    this.#here.set(host_id, now_ms);
  }

  forget(host_id: string): void {
    this.#here.delete(host_id);
  }

  /** ms since the epoch; 0 where it was never heard. Reports to other collectors count, too. */
  async of(host_id: string): Promise<number> {
    const [found] = await this.#store.query<{ at_ms: number }>(
      'SELECT toUnixTimestamp64Milli(max(at)) AS at_ms FROM host WHERE host_id = {host_id:UInt64}',
      { host_id: decimal(host_id) },
      1,
    );
    return Math.max(this.#here.get(host_id) ?? 0, found?.at_ms ?? 0);
  }
}
