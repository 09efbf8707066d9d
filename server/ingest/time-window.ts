// The window of times whose rows are stored. Older rows would be removed at once, and rows of the far future never. The window follows the
// retention of the tables, which can be changed while the collector runs.
import type { KeptTable } from '../storage/kept-tables.ts';
import { ROWS_KEPT_DAYS } from '../storage/row-tables.ts';
import type { Store } from '../storage/store.ts';

const DAY_MS = 24 * 3600 * 1000;
const FUTURE_MS = 5 * 60 * 1000;
/** The window if rows are kept for ever: a clock that is further behind is wrong. */
const DAYS_MAX = 3650;
const PERIOD_MS = 60_000;

export class TimeWindow {
  #days = ROWS_KEPT_DAYS;
  #timer: NodeJS.Timeout | undefined;

  /** In nanoseconds since the epoch, as doubles, which are exact to 256 ns. */
  at(now_ms: number): { from_ns: number; to_ns: number } {
    return { from_ns: (now_ms - this.#days * DAY_MS) * 1e6, to_ns: (now_ms + FUTURE_MS) * 1e6 };
  }

  /** Reads the tables' retention once a minute. While the store does not answer, the last known retention is used. */
  follow(store: Pick<Store, 'upkeep'>): void {
    const look = async () => this.#see(await store.upkeep.tables());
    void look().catch(() => undefined);
    this.#timer = setInterval(() => void look().catch(() => undefined), PERIOD_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #see(tables: readonly KeptTable[]): void {
    const days = tables.filter((table) => table.class === 'rows').map((table) => table.days ?? DAYS_MAX);
    if (days.length > 0) this.#days = Math.min(DAYS_MAX, Math.max(...days));
  }
}
