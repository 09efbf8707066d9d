// Builds accounting_1h: rows seen, sent, stored and lost by hour, host and kind, so that questions about long ranges need not read all
// minutes of all hosts. As with the hours of the rollup (tier-refresh.ts), an hour is built again when the sum of its minutes exceeds the
// published one; the sums never shrink.

import { lossesAt } from '../../agent/contract/outcome.ts';
import { quote } from './columns.ts';
import type { Engine } from './engine.ts';
import { hostRanges } from './host-ranges.ts';
import { newVersion, pairs, publish, published } from './published.ts';
import { DAYS_MAX } from './retention-classes.ts';
import { Superseded } from './superseded.ts';

/**
 * How long after its end an hour is built. Agents repeat their counts of a minute until they are acknowledged, usually for some seconds.
 */
const SETTLED_S = 300;
const HOUR_S = 3600;
const DAY_S = 86_400;
const PIECES_A_STATEMENT = 24;
/** Approximate number of counts that one statement reads. It limits the memory, and how long inserts have to wait. */
const ENTRIES_A_STATEMENT = 1_000_000;
const COLLECTOR_LOSSES = lossesAt('collector').map(quote).join(', ');

/**
 * Name in `counted` for rows that were counted as lost with this outcome, and were found in the tables: they are subtracted from the loss.
 */
export const foundOf = <Name extends string>(outcome: Name) => `found_${outcome}` as const;

/**
 * A SELECT of minute, host_id, kind, counted, n: the counts of agents by minute (which agents repeat, never smaller), the counts of losses
 * by collectors for each batch, and how many lost rows were found after all. None of these figures ever shrinks.
 * @param where over minute and host_id
 */
export const reportedMinutes = (where: string) =>
  `SELECT minute, host_id, kind, outcome AS counted, max(a.rows) AS n FROM accounting AS a WHERE ${where}
  GROUP BY minute, host_id, kind, counted, epoch
  UNION ALL
  SELECT minute, host_id, kind, outcome AS counted, l.rows AS n FROM lost AS l FINAL WHERE ${where} AND outcome IN (${COLLECTOR_LOSSES})
  UNION ALL
  SELECT minute, host_id, kind, concat('${foundOf('')}', outcome) AS counted, l.found AS n FROM lost AS l FINAL WHERE ${where} AND l.found > 0`;

/** The same columns with the rows that the tables hold, for the minutes that have been built. */
export const storedMinutes = (where: string) =>
  `SELECT minute, host_id, kind, 'stored' AS counted, s.rows AS n FROM stored AS s FINAL WHERE ${where}`;

const countedMinutes = (where: string) => `(${reportedMinutes(where)} UNION ALL ${storedMinutes(where)})`;

/** `entries`: counts of minutes, which add up to `rows`. */
type Hour = { start_s: number; rows: number; entries: number };

export class AccountingRefresh {
  readonly #engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define' | 'place'>;
  readonly #known = new Map<string, number>();
  readonly #entries_a_statement: number;
  readonly #superseded: Superseded;

  /** @param entries_a_statement about how many counts of minutes a statement reads */
  constructor(engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define' | 'place'>, entries_a_statement = ENTRIES_A_STATEMENT) {
    this.#engine = engine;
    this.#entries_a_statement = entries_a_statement;
    this.#superseded = new Superseded(engine, 'accounting', 'accounting_1h');
  }

  /** One pass: days that have changed except today, and of today the hours that are over. @returns hours built */
  async run(now_ms: number): Promise<number> {
    const over_s = Math.floor((now_ms / 1000 - SETTLED_S) / HOUR_S) * HOUR_S;
    const days = await this.#engine.query<{ day: string; newest: number }>(
      // `lost` has no partitions by day, so new rows in it make all days count as changed.
      this.#engine.place(`SELECT day, sum(newest) + (SELECT max(max_block_number) FROM {parts} WHERE database = currentDatabase() AND table = 'lost' AND active) AS newest
FROM (
  SELECT table, partition AS day, max(max_block_number) AS newest FROM {parts}
  WHERE database = currentDatabase() AND table IN ('accounting', 'stored', 'stored_local') AND active GROUP BY table, day)
GROUP BY day ORDER BY day DESC LIMIT ${DAYS_MAX}`),
      {},
      DAYS_MAX,
    );
    let built = 0;
    for (const { day, newest } of days) {
      const start_s = Date.parse(`${day}T00:00:00Z`) / 1000;
      // Today's tables change all the time, so today is looked at once after each hour that has ended.
      const state = start_s + DAY_S <= over_s ? newest : -over_s;
      if (this.#known.get(day) === state) continue;
      built += await this.#refreshDay(start_s, Math.min(start_s + DAY_S, over_s), now_ms);
      this.#known.set(day, state);
    }
    await this.#superseded.remove(now_ms);
    return built;
  }

  async #refreshDay(from_s: number, to_s: number, now_ms: number): Promise<number> {
    if (to_s <= from_s) return 0;
    const within = (at: string) => `${at} >= toDateTime(${from_s}, 'UTC') AND ${at} < toDateTime(${to_s}, 'UTC')`;
    const hours = await this.#engine.query<Hour>(
      `SELECT toUnixTimestamp(toStartOfHour(minute)) AS start_s, sum(n) AS rows, count() AS entries FROM ${countedMinutes(within('minute'))} GROUP BY start_s ORDER BY start_s`,
      {},
      PIECES_A_STATEMENT,
    );
    const known = new Map((await published(this.#engine, 'accounting', from_s, to_s)).map((piece) => [piece.start_s, piece]));
    const due = hours.filter(({ start_s, rows }) => rows > (known.get(start_s)?.rolled_rows ?? -1));
    for (let at = 0; at < due.length; at += PIECES_A_STATEMENT) {
      const some = due.slice(at, at + PIECES_A_STATEMENT);
      await this.#build(
        some,
        newVersion(
          now_ms,
          some.map(({ start_s }) => known.get(start_s)?.version ?? 0n),
        ),
      );
      for (const { start_s } of some) if (known.has(start_s)) this.#superseded.add(start_s);
    }
    return due.length;
  }

  async #build(hours: readonly Hour[], version: bigint): Promise<void> {
    const where = `toStartOfHour(minute) IN (${hours.map(({ start_s }) => `toDateTime(${start_s}, 'UTC')`).join(', ')})`;
    const entries = hours.reduce((sum, hour) => sum + hour.entries, 0);
    const counted = `SELECT host_id, count() AS n FROM ${countedMinutes(where)} GROUP BY host_id`;
    for (const range of await hostRanges(this.#engine, counted, entries, this.#entries_a_statement))
      await this.#engine.fill({
        into: 'accounting_1h (start, version, host_id, kind, counted, rows)',
        select: `SELECT toStartOfHour(minute) AS hour, toUInt64(${version}), host_id, kind, counted, sum(n)
FROM ${countedMinutes(`${where} AND ${range.where}`)} GROUP BY hour, host_id, kind, counted`,
      });
    const built = hours.map(({ start_s }) => ({ start_s, version }));
    const found = await this.#engine.query<Omit<Hour, 'entries'>>(
      `SELECT toUnixTimestamp(start) AS start_s, sum(t.rows) AS rows FROM accounting_1h AS t WHERE ${pairs(built)} GROUP BY start_s`,
      {},
      built.length,
    );
    if (found.length > 0)
      await publish(
        this.#engine,
        'accounting',
        found.map(({ start_s, rows }) => ({ start_s, version, rolled_rows: rows })),
      );
  }
}
