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

  /** @throws Refusal `too_many_queries` */
  async run<Result>(query: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#runningMax) {
      this.#running++;
    } else {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new Refusal('too_many_queries', 'too many queries wait for the store: try again', { retry_after_s: 1 });
      }
      // A query that ends hands its place to the next.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
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
