// Writes the counts of rows that the collector has lost into the store, and tries again until the store has taken them.
import type { Store } from '../storage/store.ts';
import type { Losses } from './losses.ts';

const PERIOD_MS = 2000;
const ENTRIES_MAX = 10_000;

type LossLog = { readonly losses: Losses; readonly origins: ReadonlySet<string> };

export class LossWriter {
  readonly #log: LossLog;
  readonly #store: Pick<Store, 'insertLost'>;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;

  /** @param failed is called with the first of several failures in a row */
  constructor(log: LossLog, store: Pick<Store, 'insertLost'>, failed: (error: unknown) => void) {
    this.#log = log;
    this.#store = store;
    this.#failed = failed;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#writing = this.#write();
      void this.#writing.finally(() => {
        if (this.#timer !== undefined) this.start();
      });
    }, PERIOD_MS);
  }

  /** Writes once more, and then stops. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    const { losses } = this.#log;
    try {
      const counts = losses.unstored();
      for (let at = 0; at < counts.length; at += ENTRIES_MAX) {
        const entries = counts.slice(at, at + ENTRIES_MAX);
        await this.#store.insertLost(entries);
        losses.stored(entries);
      }
      losses.forgetStored(this.#log.origins);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#failed(error);
      this.#failing = true;
    }
  }
}
