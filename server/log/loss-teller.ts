// Tells the store what the collector has lost of acknowledged rows, until the store has it.
import type { Store } from '../storage/store.ts';
import type { Losses } from './losses.ts';

const PERIOD_MS = 2000;
const ENTRIES_MAX = 10_000;

type LossLog = { readonly losses: Losses; readonly origins: ReadonlySet<string> };

export class LossTeller {
  readonly #log: LossLog;
  readonly #store: Pick<Store, 'insertLost'>;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> = Promise.resolve();
  #failing = false;

  /** @param failed hears of the first failure in a row */
  constructor(log: LossLog, store: Pick<Store, 'insertLost'>, failed: (error: unknown) => void) {
    this.#log = log;
    this.#store = store;
    this.#failed = failed;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#telling = this.#tell();
      void this.#telling.finally(() => {
        if (this.#timer !== undefined) this.start();
      });
    }, PERIOD_MS);
  }

  /** Tells once more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#telling;
    await this.#tell();
  }

  async #tell(): Promise<void> {
    const { losses } = this.#log;
    try {
      const untold = losses.untold();
      for (let at = 0; at < untold.length; at += ENTRIES_MAX) {
        const entries = untold.slice(at, at + ENTRIES_MAX);
        await this.#store.insertLost(entries);
        losses.told(entries);
      }
      losses.forgetTold(this.#log.origins);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#failed(error);
      this.#failing = true;
    }
  }
}
