// Decides when the log writes its next group. Batches that come while a group waits share its flush, which costs as much for one as for
// hundreds.

export class FlushPace {
  readonly #flush: () => void;
  readonly #apart_ms: number;
  #planned = false;
  #began_ms = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param flush must call `began` when it takes its group. @param apart_ms least time from one flush to the next */
  constructor(flush: () => void, apart_ms: number) {
    this.#flush = flush;
    this.#apart_ms = apart_ms;
  }

  /** Flushes at once if the last flush is long enough ago, so that a single batch does not wait. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    const wait_ms = this.#began_ms + this.#apart_ms - performance.now();
    if (wait_ms <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.hurry(), wait_ms);
  }

  /** Flushes now if a flush is planned. */
  hurry(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flush();
  }

  /** Called when a flush has taken its group: batches that come from now on wait for the next one. */
  began(): void {
    this.#planned = false;
    this.#began_ms = performance.now();
  }
}
