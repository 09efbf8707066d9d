import type { Attributes, Counter } from '@opentelemetry/api';

const NO_ATTRIBUTES: Attributes = {};

/** Sums up one counter over a drained buffer, so that the SDK is asked once a series and not once a row. */
export class Tally {
  readonly #counter: Counter;
  readonly #sums = new Map<Attributes, Map<Attributes, number>>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** Both sets of attributes are told apart by identity: pass the same object for the same set. */
  add(value: number, connection: Attributes, extra: Attributes = NO_ATTRIBUTES): void {
    if (value === 0) return;
    const sums = this.#sums.get(connection) ?? new Map<Attributes, number>();
    this.#sums.set(connection, sums.set(extra, (sums.get(extra) ?? 0) + value));
  }

  flush(): void {
    for (const [connection, sums] of this.#sums) {
      for (const [extra, sum] of sums) this.#counter.add(sum, { ...connection, ...extra });
    }
    this.#sums.clear();
  }
}
