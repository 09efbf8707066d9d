// The one tick that all viewers share: computed after inserts, at most once a second, and every few seconds without any,
// so that the charts' right edge moves. Nothing is computed while nobody looks.
import type { LiveMessage } from '../api.ts';

export type TickOptions = { period_ms_min: number; period_ms_max: number };
export type TickParts = {
  compute: () => Promise<LiveMessage>;
  watched: () => boolean;
  publish: (message: LiveMessage) => void;
  failed: (error: unknown) => void;
};

/** Share of the time that computing ticks may take, as a divisor. */
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

  /** The last tick, as long as it is not older than one that an idle collector would show. */
  newest(): LiveMessage[] {
    const fresh = this.#newest && Date.now() - this.#newest.at_ms <= this.#options.period_ms_max;
    return this.#newest && fresh ? [this.#newest.message] : [];
  }

  /** The store has something new. */
  invalidate(): void {
    this.#stale = true;
    this.plan();
  }

  /** Sets the time of the next tick; to be called when somebody begins to look. */
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
