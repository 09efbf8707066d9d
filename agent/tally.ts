import type { Attributes, Counter } from '@opentelemetry/api';

const NO_ATTRIBUTES: Attributes = {};

/** Sums up one counter over a drained buffer, so that the SDK is asked once a series and not once a row. */
export class Tally {
  readonly #counter: Counter;
  readonly #series = new Map<Attributes, Map<Attributes, { sum: number }>>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** Both sets of attributes are told apart by identity: pass the same object for the same set. */
  add(value: number, connection: Attributes, extra: Attributes = NO_ATTRIBUTES): void {
    if (value === 0) return;
    const of = this.#series.get(connection)?.get(extra) ?? this.#begin(connection, extra);
    of.sum += value;
  }

  flush(): void {
    for (const [connection, series] of this.#series) {
      for (const [extra, of] of series) {
        if (of.sum !== 0) this.#counter.add(of.sum, { ...connection, ...extra });
      }
    }
    this.#series.clear();
  }

  #begin(connection: Attributes, extra: Attributes): { sum: number } {
    const series = this.#series.get(connection) ?? new Map<Attributes, { sum: number }>();
    this.#series.set(connection, series);
    const begun = { sum: 0 };
    series.set(extra, begun);
    return begun;
  }
}
