// Computes one tick for all viewers: after inserts, at most once a second, and without inserts every few seconds, so that the charts' right
// edge moves. Nothing is computed while there is no viewer.
import type { LiveMessage } from '../api.ts';

export type TickOptions = { period_ms_min: number; period_ms_max: number };
export type TickParts = {
  compute: () => Promise<LiveMessage>;
  watched: () => boolean;
  publish: (message: LiveMessage) => void;
  failed: (error: unknown) => void;
};

/** At most 1/DUTY of the time is spent on computing ticks. */
const DUTY = 3;

export class Tick {
  readonly #options: TickOptions;
  readonly #parts: TickParts;
  #timer: NodeJS.Timeout | undefined;
  #computing = false;
  #stale = true;
  #stopped = false;
  #next_ms = { stale: 0, idle: 0 };
  #newest: { message: LiveMessage; at_ms: number } | undefined;

  constructor(options: TickOptions, parts: TickParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** The last tick in a list; an empty list if it is older than `period_ms_max`, or if there is none. */
  newest(): LiveMessage[] {
    const fresh = this.#newest && Date.now() - this.#newest.at_ms <= this.#options.period_ms_max;
    return this.#newest && fresh ? [this.#newest.message] : [];
  }

  /** Notes that the store has new rows. */
  invalidate(): void {
    this.#stale = true;
    this.plan();
  }

  /** Sets the time of the next tick. To be called when the first viewer comes. */
  plan(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#computing || !this.#parts.watched()) return;
    const due_ms = this.#stale ? this.#next_ms.stale : this.#next_ms.idle;
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, due_ms - Date.now()));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #tick(): Promise<void> {
    const began_ms = Date.now();
    this.#computing = true;
    this.#stale = false;
    try {
      const message = await this.#parts.compute();
      this.#newest = { message, at_ms: Date.now() };
      this.#parts.publish(message);
    } catch (error) {
      this.#parts.failed(error);
    }
    this.#computing = false;
    const { period_ms_min, period_ms_max } = this.#options;
    const period_ms = Math.max(period_ms_min, (Date.now() - began_ms) * DUTY);
    this.#next_ms = { stale: began_ms + period_ms, idle: began_ms + Math.max(period_ms, period_ms_max) };
    this.plan();
  }
}
