// Bounds how many queries run and how many wait: each takes memory of the engine, which runs in this process.
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

  /** @param gone whoever asks is there no more: a query that still waits is not run. @throws Refusal `too_many_queries`, `client_gone` */
  async run<Result>(query: () => Promise<Result>, gone?: AbortSignal): Promise<Result> {
    if (this.#running < this.#runningMax) {
      this.#running++;
    } else {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new Refusal('too_many_queries', 'too many queries wait for the store: try again', { retry_after_s: 1 });
      }
      // A query that ends hands its place to the next.
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        gone?.addEventListener('abort', () => {
          const at = this.#waiting.indexOf(resolve);
          if (at >= 0) this.#waiting.splice(at, 1);
          // Whoever had his turn already is not in the list, and this changes nothing.
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
