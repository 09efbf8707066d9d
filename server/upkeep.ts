// Maintains the tables: builds minutes from rows, and hours and days from minutes, and drops the oldest days beyond the limit of size. Each
// of the two tasks runs at its own interval and never twice at once. A failure is reported, and the task is tried again at its next time.
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
  /** Time from the start to the first run, so that the first users have the store to themselves. */
  first_ms: number;
  refresh_ms: number;
  /** Longest time for which refreshing the rollups is put off while late rows keep coming. */
  refresh_wait_max_ms: number;
  retain_ms: number;
  /** Time between two checks of the engine's files. */
  look_ms: number;
  retention_size: RetentionSize;
  /** Whether many late rows wait for the store. Hours that are built now would soon be built again, and would hold up inserts. */
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
  #begun = false;

  constructor(store: Pick<Store, 'upkeep'>, options: UpkeepOptions, events: UpkeepEvents) {
    this.#store = store;
    this.#options = options;
    this.#events = events;
  }

  /** Called when the store has been migrated. */
  start(): void {
    const { refresh_ms, retain_ms } = this.#options;
    this.#begun = true;
    this.#refreshed_ms = performance.now();
    this.#running = Promise.all([
      this.#every(refresh_ms, 'rollups', () => this.#refresh()),
      this.#every(retain_ms, 'retention', () => this.#retain()),
    ]);
  }

  /** Ends what runs. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // A store that was never used here may not be open.
    if (this.#begun) this.#store.upkeep.stop();
    await this.#running;
  }

  /** Runs `work` again and again, with a pause of `ms` after each run. */
  async #every(ms: number, what: 'rollups' | 'retention', work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    const pause = (some_ms: number) => sleep(some_ms, undefined, { signal, ref: false }).catch(() => undefined);
    await pause(this.#options.first_ms);
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!signal.aborted) this.#events.failed(what, error);
      }
      await pause(ms);
    }
  }

  /** Builds minutes that are over in any case. What late rows have changed waits until these have come. */
  async #refresh(): Promise<void> {
    const began = performance.now();
    const { isBehind, refresh_wait_max_ms } = this.#options;
    let pieces = await this.#store.upkeep.makeMinutes(Date.now());
    if (!isBehind() || began - this.#refreshed_ms >= refresh_wait_max_ms) {
      pieces += await this.#store.upkeep.refresh(Date.now());
      this.#refreshed_ms = performance.now();
    }
    if (pieces > 0) this.#events.refreshed(pieces, (performance.now() - began) / 1000);
  }

  /**
   * Checks whether the tables have all rows that they should. Never fails: a failed check is reported, and the next one comes at its time.
   */
  async look(): Promise<void> {
    this.#begun = true;
    this.#looked_ms = performance.now();
    try {
      this.#events.looked(await this.#store.upkeep.damage(Date.now()));
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#events.failed('damage', error);
    }
  }

  async #retain(): Promise<void> {
    const dropped = await this.#store.upkeep.retain(this.#options.retention_size, Date.now());
    if (dropped.length > 0) this.#events.dropped(dropped);
    // Here, because no day is being dropped now: rows of a day that goes would seem to be missing.
    if (performance.now() - this.#looked_ms >= this.#options.look_ms) await this.look();
  }
}
