// Tells the store what the collector has lost of acknowledged rows, until the store has it.
import type { Store } from '../storage/store.ts';
import type { Aside, Losses } from './losses.ts';

const PERIOD_MS = 2000;
const ENTRIES_MAX = 10_000;
const ASIDES_MAX = 1000;

type LossLog = { readonly losses: Losses };

export class LossTeller {
  readonly #log: LossLog;
  readonly #store: Pick<Store, 'claimAside' | 'insertAccounting'>;
  readonly #failed: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> = Promise.resolve();
  #failing = false;

  /** @param failed hears of the first failure in a row */
  constructor(log: LossLog, store: Pick<Store, 'claimAside' | 'insertAccounting'>, failed: (error: unknown) => void) {
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
      // First: what is told and cannot grow is forgotten.
      for (const asides of chunks(losses.asides(), ASIDES_MAX)) await this.#decide(losses, asides);
      losses.stamp(Date.now());
      for (const entries of chunks(losses.untold(), ENTRIES_MAX)) {
        await this.#store.insertAccounting(entries);
        losses.told(entries);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#failed(error);
      this.#failing = true;
    }
  }

  async #decide(losses: Losses, asides: readonly Aside[]): Promise<void> {
    const own = await this.#store.claimAside(asides);
    for (const [index, aside] of asides.entries()) losses.decide(aside, own[index] === true);
  }
}

function chunks<Item>(items: readonly Item[], most: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) => items.slice(index * most, (index + 1) * most));
}
