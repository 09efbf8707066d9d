// Between which times rows are stored: older ones would be deleted at once, later ones never. It follows what the tables keep,
// which people can change while the collector runs.
import type { KeptTable } from '../storage/kept-tables.ts';
import { ROWS_KEPT_DAYS } from '../storage/row-tables.ts';
import type { Store } from '../storage/store.ts';

const DAY_MS = 24 * 3600 * 1000;
const FUTURE_MS = 5 * 60 * 1000;
/** Of tables without an end: a clock that is further behind is wrong. */
const DAYS_MAX = 3650;
const PERIOD_MS = 60_000;

export class TimeWindow {
  #days = ROWS_KEPT_DAYS;
  #timer: NodeJS.Timeout | undefined;

  /** In ns since the epoch, as doubles: exact to 256 ns. */
  at(now_ms: number): { from_ns: number; to_ns: number } {
    return { from_ns: (now_ms - this.#days * DAY_MS) * 1e6, to_ns: (now_ms + FUTURE_MS) * 1e6 };
  }

  /** Looks now and then; what it last saw holds while the store does not answer. */
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
