// Keeps hours and days equal to their minutes: an hour is built once it is over, and again when rows of it come late. Missing pieces are
// found by comparing the numbers of rows behind the minutes and behind the published pieces. So there is no state to keep, the process may
// be killed anywhere, and several collectors that do this at once only waste work.

import type { Engine } from './engine.ts';
import { hostRanges } from './host-ranges.ts';
import { MapHours } from './map-hours.ts';
import { newVersion, pairs, publish, published } from './published.ts';
import { DAYS_MAX } from './retention-classes.ts';
import { Superseded } from './superseded.ts';
import { buildPieces, TIER, TIERS, type Tier } from './tiers.ts';

/** A piece is built so long after its end. If rows of it come later, it is built again. */
const SETTLED_S = 120;

/** Limit of entries that one statement groups: it limits the memory, and how long inserts have to wait. */
const ENTRIES_A_STATEMENT = 500_000;

const DAY_S = 86_400;
const HOURS_A_DAY = 24;
type TierEngine = Pick<Engine, 'query' | 'command' | 'fill' | 'define' | 'place'>;
type Source = { start_s: number; rolled_rows: number; entries: number };

export class TierRefresh {
  readonly #engine: TierEngine;
  /** By day: the newest block of rollup_1m at the time when all pieces of the day were up to date. */
  readonly #known = new Map<string, number>();
  readonly #superseded: Record<Tier, Superseded>;
  readonly #map: MapHours;

  constructor(engine: TierEngine) {
    this.#engine = engine;
    this.#map = new MapHours(engine);
    const superseded = (tier: Tier) => new Superseded(engine, tier, TIERS[tier].table);
    this.#superseded = { '1h': superseded('1h'), '1d': superseded('1d') };
  }

  /**
   * One pass over the days that have changed, including the hours of the map.
   * @returns number of pieces of the rollup that were built
   */
  async run(now_ms: number): Promise<number> {
    let built = 0;
    for (const { day, newest } of await this.#changedDays()) {
      const start_s = Date.parse(`${day}T00:00:00Z`) / 1000;
      const { pieces, open } = await this.#refreshDay(start_s, now_ms);
      built += pieces;
      if (!open) this.#known.set(day, newest);
    }
    for (const tier of TIER) await this.#superseded[tier].remove(now_ms);
    await this.#map.removeSuperseded(now_ms);
    return built;
  }

  /** The days that have changed, newest first. Every insert makes a block, so a day without a new block has not changed. */
  async #changedDays(): Promise<{ day: string; newest: number }[]> {
    const days = await this.#engine.query<{ day: string; newest: number }>(
      this.#engine.place(`SELECT partition AS day, max(max_block_number) AS newest FROM {parts}
WHERE database = currentDatabase() AND table IN ('rollup_1m', 'rollup_1m_local') AND active GROUP BY day ORDER BY day DESC LIMIT ${DAYS_MAX}`),
      {},
      DAYS_MAX,
    );
    return days.filter(({ day, newest }) => this.#known.get(day) !== newest);
  }

  async #refreshDay(day_s: number, now_ms: number): Promise<{ pieces: number; open: boolean }> {
    const over = (source: Source, tier: Tier) => (source.start_s + TIERS[tier].seconds + SETTLED_S) * 1000 <= now_ms;
    const hours = (await this.#hoursOf(day_s)).filter((hour) => over(hour, '1h'));
    const pieces = await this.#refresh('1h', hours, now_ms);
    await this.#map.refresh(hours, now_ms);
    const day = await this.#dayOf(day_s);
    if (!over(day, '1d')) return { pieces, open: true };
    const days = day.entries > 0 ? await this.#refresh('1d', [day], now_ms) : 0;
    return { pieces: pieces + days, open: false };
  }

  /** For each hour of a day: the numbers of rows and entries behind it, from its minutes. */
  #hoursOf(day_s: number): Promise<Source[]> {
    return this.#engine.query<Source>(
      `SELECT toUnixTimestamp(toStartOfHour(minute)) AS start_s, sum(r.rolled_rows) AS rolled_rows, count() AS entries
FROM rollup_1m AS r FINAL WHERE toDate(minute) = toDate({day_s:UInt32}, 'UTC') GROUP BY start_s ORDER BY start_s`,
      { day_s },
      HOURS_A_DAY,
    );
  }

  async #dayOf(day_s: number): Promise<Source> {
    const hours = await published(this.#engine, '1h', day_s, day_s + DAY_S);
    if (hours.length === 0) return { start_s: day_s, rolled_rows: 0, entries: 0 };
    const rolled_rows = hours.reduce((sum, hour) => sum + hour.rolled_rows, 0);
    const [found] = await this.#engine.query<{ entries: number }>(`SELECT count() AS entries FROM rollup_1h WHERE ${pairs(hours)}`, {}, 1);
    return { start_s: day_s, rolled_rows, entries: found?.entries ?? 0 };
  }

  /**
   * Builds pieces that are missing or whose number of rows has grown since they were built. If it has shrunk, retention has dropped
   * minutes, and the piece is kept.
   */
  async #refresh(tier: Tier, sources: readonly Source[], now_ms: number): Promise<number> {
    const [first, last] = [sources[0], sources.at(-1)];
    if (!first || !last) return 0;
    const known = new Map((await published(this.#engine, tier, first.start_s, last.start_s + 1)).map((piece) => [piece.start_s, piece]));
    const due = sources.filter(({ start_s, rolled_rows }) => rolled_rows > (known.get(start_s)?.rolled_rows ?? -1));
    let built = 0;
    for (const some of together(due)) {
      await this.#build(
        tier,
        some,
        newVersion(
          now_ms,
          some.map(({ start_s }) => known.get(start_s)?.version ?? 0n),
        ),
      );
      for (const { start_s } of some) if (known.has(start_s)) this.#superseded[tier].add(start_s);
      built += some.length;
    }
    return built;
  }

  async #build(tier: Tier, sources: readonly Source[], version: bigint): Promise<void> {
    const whole = await this.#entriesOf(tier, sources);
    const entries = sources.reduce((sum, source) => sum + source.entries, 0);
    const counted = `SELECT s.host_id AS host_id, count() AS n FROM ${TIERS[tier].from} WHERE ${whole} GROUP BY host_id`;
    for (const range of await hostRanges(this.#engine, counted, entries, ENTRIES_A_STATEMENT))
      await this.#engine.fill(buildPieces({ tier, version, where: `${whole} AND ${range.where}` }));
    // Counted in the piece and not in its source: if rows that came meanwhile are not in the piece, the next pass finds the difference.
    const built = sources.map(({ start_s }) => ({ start_s, version }));
    const found = await this.#engine.query<{ start_s: number; rolled_rows: number }>(
      `SELECT toUnixTimestamp(start) AS start_s, sum(t.rolled_rows) AS rolled_rows FROM ${TIERS[tier].table} AS t WHERE ${pairs(built)} GROUP BY start_s`,
      {},
      built.length,
    );
    if (found.length > 0)
      await publish(
        this.#engine,
        tier,
        found.map((piece) => ({ ...piece, version })),
      );
  }

  /** The condition for the entries of the source that belong to the pieces. */
  async #entriesOf(tier: Tier, sources: readonly Source[]): Promise<string> {
    if (tier === '1h') return `toStartOfHour(minute) IN (${sources.map(({ start_s }) => `toDateTime(${start_s}, 'UTC')`).join(', ')})`;
    const hours = await Promise.all(sources.map(({ start_s }) => published(this.#engine, '1h', start_s, start_s + DAY_S)));
    return pairs(hours.flat());
  }
}

/** Groups neighbouring pieces that one statement can build together. */
function together(sources: readonly Source[]): Source[][] {
  const groups: Source[][] = [];
  let room = 0;
  for (const source of sources) {
    room -= source.entries;
    if (room < 0) {
      groups.push([]);
      room = ENTRIES_A_STATEMENT - source.entries;
    }
    groups.at(-1)?.push(source);
  }
  return groups;
}
