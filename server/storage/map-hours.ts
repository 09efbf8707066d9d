// Keeps map_1h: the edges of the map by hour, so that a long range need not match the two ends of all its connections. An hour is built
// from rows once it is over, and built again when its minutes have more rows than before.
import type { Engine } from './engine.ts';
import { buildMapHour } from './map-hour-build.ts';
import { newVersion, publish, published } from './published.ts';
import { Superseded } from './superseded.ts';

/** Approximate number of rows that one statement reads: each takes memory meanwhile, and inserts have to wait. */
const ROWS_A_STATEMENT = 500_000;

/** An hour, and the number of rows behind its minutes. */
export type MapHour = { start_s: number; rolled_rows: number };

export class MapHours {
  readonly #engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>;
  readonly #rows_a_statement: number;
  readonly #superseded: Superseded;

  /** @param rows_a_statement about how many rows a statement reads */
  constructor(engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>, rows_a_statement = ROWS_A_STATEMENT) {
    this.#engine = engine;
    this.#rows_a_statement = rows_a_statement;
    this.#superseded = new Superseded(engine, 'map', 'map_1h');
  }

  /** Builds hours that are missing or have more rows than when they were built, oldest first. */
  async refresh(hours: readonly MapHour[], now_ms: number): Promise<void> {
    const [first, last] = [hours[0], hours.at(-1)];
    if (!first || !last) return;
    const known = new Map((await published(this.#engine, 'map', first.start_s, last.start_s + 1)).map((hour) => [hour.start_s, hour]));
    for (const hour of hours) {
      const before = known.get(hour.start_s);
      if (before !== undefined && hour.rolled_rows <= before.rolled_rows) continue;
      const version = newVersion(now_ms, before ? [before.version] : []);
      await buildMapHour(this.#engine, hour.start_s, version, this.#rows_a_statement);
      // Published with the count from before the build: if rows came meanwhile, the hour is built once more.
      await publish(this.#engine, 'map', [{ ...hour, version }]);
      if (before !== undefined) this.#superseded.add(hour.start_s);
    }
  }

  removeSuperseded(now_ms: number): Promise<void> {
    return this.#superseded.remove(now_ms);
  }
}
