// What the collector does to its tables beside filling them: minutes after rows, hours and days after minutes, and the oldest days out where
// there is too much. Each runs on its own beat and never twice at once; a failure is told and tried again at the next beat.
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreDamage } from './api/health.ts';
import type { Dropped, RetentionSize } from './storage/retention.ts';
import type { Store } from './storage/store.ts';

export type UpkeepEvents = {
  refreshed: (pieces: number, seconds: number) => void;
  dropped: (dropped: readonly Dropped[]) => void;
  looked: (damage: StoreDamage) => void;
  failed: (what: 'rollups' | 'retention' | 'damage', error: unknown) => void;
};
export type UpkeepOptions = {
  /** After the start: the first to come have the store to themselves. */
  first_ms: number;
  refresh_ms: number;
  /** For how long rollups wait at most while late rows keep coming. */
  refresh_wait_max_ms: number;
  retain_ms: number;
  /** Between looks for what the engine's files have lost. */
  look_ms: number;
  retention_size: RetentionSize;
  /** Whether many late rows wait for the store: what is built of their hours would soon be built again, and inserts wait behind it. */
  isBehind: () => boolean;
};

export class UpkeepLoop {
  readonly #store: Pick<Store, 'upkeep'>;
  readonly #options: UpkeepOptions;
  readonly #events: UpkeepEvents;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #refreshed_ms = performance.now();
  #looked_ms = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<Store, 'upkeep'>, options: UpkeepOptions, events: UpkeepEvents) {
    this.#store = store;
    this.#options = options;
    this.#events = events;
  }

  /** Once the store has been migrated. */
  start(): void {
    const { refresh_ms, retain_ms } = this.#options;
    this.#refreshed_ms = performance.now();
    this.#running = Promise.all([
      this.#every(refresh_ms, 'rollups', () => this.#refresh()),
      this.#every(retain_ms, 'retention', () => this.#retain()),
    ]);
  }

  /** Resolves when nothing runs any more: within a piece of the rollup, or a partition. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** The next beat is `ms` after the last one's end. */
  async #every(ms: number, what: 'rollups' | 'retention', work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    const pause = (some_ms: number) => sleep(some_ms, undefined, { signal, ref: false }).catch(() => undefined);
    await pause(this.#options.first_ms);
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        this.#events.failed(what, error);
      }
      await pause(ms);
    }
  }

  /** Minutes that are over, always; what late rows have changed, once they have come. */
  async #refresh(): Promise<void> {
    const began = performance.now();
    const { isBehind, refresh_wait_max_ms } = this.#options;
    let pieces = await this.#store.upkeep.makeMinutes(Date.now(), this.#stopping.signal);
    if (!isBehind() || began - this.#refreshed_ms >= refresh_wait_max_ms) {
      pieces += await this.#store.upkeep.refresh(Date.now(), this.#stopping.signal);
      this.#refreshed_ms = performance.now();
    }
    if (pieces > 0) this.#events.refreshed(pieces, (performance.now() - began) / 1000);
  }

  /** Compares what the tables hold with what they must. Does not fail: a look that failed is told, and the next one is in its time. */
  async look(): Promise<void> {
    this.#looked_ms = performance.now();
    try {
      this.#events.looked(await this.#store.upkeep.damage(Date.now()));
    } catch (error) {
      this.#events.failed('damage', error);
    }
  }

  async #retain(): Promise<void> {
    const dropped = await this.#store.upkeep.retain(this.#options.retention_size, Date.now());
    if (dropped.length > 0) this.#events.dropped(dropped);
    // Not while days are dropped: what goes by itself is not missing.
    if (performance.now() - this.#looked_ms >= this.#options.look_ms) await this.look();
  }
}
