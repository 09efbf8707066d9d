// Limits how many queries run and how many wait. Each takes memory of the engine, which may run in this process.
import { Refusal } from '../errors.ts';

export class QueryLimit {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /**
   * @param gone aborts when the asker has left: a query that still waits is not run then. @throws Refusal `too_many_queries`, `client_gone`
   */
  async run<Result>(query: () => Promise<Result>, gone?: AbortSignal): Promise<Result> {
    if (this.#running < this.#runningMax) {
      this.#running++;
    } else {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new Refusal('too_many_queries', 'too many queries wait for the store: try again', { retry_after_s: 1 });
      }
      // A query that ends gives its place to the first that waits, so `#running` stays as it is.
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        gone?.addEventListener('abort', () => {
          const at = this.#waiting.indexOf(resolve);
          if (at >= 0) this.#waiting.splice(at, 1);
          // If the query runs already, the promise is settled and this does nothing.
          reject(new Refusal('client_gone', 'whoever asked has gone'));
        });
      });
    }
    try {
      return await query();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
