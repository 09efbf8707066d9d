import type { Attributes, ObservableGauge } from '@opentelemetry/api';

/** A thing without a row for this many intervals is gone. */
const INTERVALS_MAX = 3;
const KEPT_MS_MIN = 30_000;

type Reading = { attributes: Attributes; value: number; until_ms: number };

/**
 * A gauge over things of which each row reports one, such as listeners and namespaces: the last value of each, summed over those with the same
 * attributes. Beyond `max` things the one whose row is the oldest is forgotten.
 */
export class LastKnown {
  readonly #readings = new Map<bigint, Reading>();
  readonly #max: number;

  constructor(gauge: ObservableGauge, max = 10_000) {
    this.#max = max;
    gauge.addCallback((result) => {
      for (const [attributes, sum] of this.#sums(performance.now())) result.observe(sum, attributes);
    });
  }

  /** `attributes`: the same object for the same attributes. `interval_ms`: the time until the thing's next row. */
  set(id: bigint, value: number, attributes: Attributes, interval_ms: number): void {
    this.#readings.delete(id);
    const until_ms = performance.now() + Math.max(KEPT_MS_MIN, INTERVALS_MAX * interval_ms);
    this.#readings.set(id, { attributes, value, until_ms });
    const [oldest] = this.#readings.keys();
    if (this.#readings.size > this.#max && oldest !== undefined) this.#readings.delete(oldest);
  }

  /** Forgets a thing that is known to be gone. */
  forget(id: bigint): void {
    this.#readings.delete(id);
  }

  #sums(now_ms: number): Map<Attributes, number> {
    const sums = new Map<Attributes, number>();
    for (const [id, { attributes, value, until_ms }] of this.#readings) {
      if (until_ms < now_ms) this.#readings.delete(id);
      else sums.set(attributes, (sums.get(attributes) ?? 0) + value);
    }
    return sums;
  }
}
