// Schemas whose rows the collector does not take for now: their batches are held back while those of other schemas are sent.

export class Holds {
  readonly #until_ms = new Map<string, number>();
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `onEnd` is called when the time of a hold has passed. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  readonly has = (schema: string): boolean => this.#until_ms.has(schema);

  add(schema: string, ms: number): void {
    this.#until_ms.set(schema, performance.now() + ms);
    this.#wait();
  }

  endsWithin(ms: number): boolean {
    return Math.min(...this.#until_ms.values()) <= performance.now() + ms;
  }

  end(schema: string): void {
    this.#until_ms.delete(schema);
    this.#onEnd();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const next_ms = Math.min(...this.#until_ms.values());
    if (next_ms === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#endDue(), Math.max(1, next_ms - performance.now())).unref();
  }

  #endDue(): void {
    const now_ms = performance.now();
    for (const [schema, until_ms] of this.#until_ms) if (until_ms <= now_ms) this.#until_ms.delete(schema);
    this.#wait();
    this.#onEnd();
  }
}
