// A list on the admin page: read at intervals, and after each change.
import { poll } from './poll.ts';

const REFRESH_MS = 5000;

export class Listed<Answer> {
  found = $state.raw<Answer | null>(null);
  /** the collector's message of the last refusal */
  problem = $state('');
  readonly #load: () => Promise<Answer>;

  constructor(load: () => Promise<Answer>) {
    this.#load = load;
  }

  /** @returns stops it */
  follow(): () => void {
    return poll(() => this.#read(), REFRESH_MS);
  }

  /** Makes a change and reads the list again. Undefined if the change was refused. */
  async change<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work();
      this.problem = '';
      await this.#read();
      return result;
    } catch (error) {
      this.problem = wordsOf(error);
      return undefined;
    }
  }

  async #read(): Promise<void> {
    try {
      this.found = await this.#load();
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
