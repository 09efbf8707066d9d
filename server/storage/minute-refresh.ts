// Builds the minutes of rollup_1m and `stored` from rows, in pieces of five minutes, once these are over; and builds a host's piece again
// after rows of it came late. Minutes are read only once their piece is published; until then questions read the rows. The process may be
// killed anywhere: a piece that is not published is built again, and of two versions of an entry the larger one is read.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { latePieces, SETTLED_S, settleLate } from './late-pieces.ts';
import { buildLate } from './late-refresh.ts';
import { buildPart, type MinuteEngine, minutesVersion, moment, ROWS_A_STATEMENT } from './minute-build.ts';
import { publish } from './published.ts';
import { PIECE_S } from './published-minutes.ts';

/** Pieces that are published at once where there are no rows, as after a time without a collector. */
const PIECES_A_STEP = 288;
/** Limit of notes that a step settles. Pieces with further notes are built twice. */
const NOTED_A_STEP = 5000;
export class MinuteRefresh {
  readonly #engine: MinuteEngine;
  readonly #rows_a_statement: number;
  /** Start of the first piece that is not published; undefined before the first look, and while there are no rows. */
  #next_s: number | undefined;

  /** @param rows_a_statement about how many rows a statement reads */
  constructor(engine: MinuteEngine, rows_a_statement = ROWS_A_STATEMENT) {
    this.#engine = engine;
    this.#rows_a_statement = rows_a_statement;
  }

  /** Builds pieces that are over by the clock. @returns number of pieces with rows */
  async due(now_ms: number): Promise<number> {
    const end_s = Math.floor((now_ms / 1000 - SETTLED_S) / PIECE_S) * PIECE_S;
    this.#next_s ??= await this.#first();
    let built = 0;
    while (this.#next_s !== undefined && this.#next_s < end_s) {
      const to_s = Math.min(end_s, this.#next_s + PIECES_A_STEP * PIECE_S);
      // Notes are read before rows, so the rows of these notes are among those that are built.
      const noted = await latePieces(this.#engine, NOTED_A_STEP, to_s);
      const rows = await this.#rowsOf(this.#next_s, to_s);
      for (const { starts, count } of together(rows, this.#rows_a_statement)) {
        const where = `toStartOfFiveMinutes(time_ns) IN (${starts.map(moment).join(', ')})`;
        const version = await minutesVersion(this.#engine);
        await buildPart(this.#engine, { where, rows: count, rows_a_statement: this.#rows_a_statement, version });
        built += starts.length;
      }
      await this.#publish(this.#next_s, to_s, rows);
      const begun_s = this.#next_s;
      const included = noted.filter(({ start_s }) => start_s >= begun_s);
      if (included.length > 0) await settleLate(this.#engine, included);
      this.#next_s = to_s;
    }
    return built;
  }

  /** Builds again pieces of hosts whose rows came late. @returns number of pieces */
  late(): Promise<number> {
    return buildLate(this.#engine, { rows_a_statement: this.#rows_a_statement, published_s: this.#next_s ?? 0 });
  }

  /** The start of the first piece to build: after the last published one, or else the first with rows. */
  async #first(): Promise<number | undefined> {
    const [last] = await this.#engine.query<{ pieces: number; start_s: number }>(
      "SELECT count() AS pieces, toUnixTimestamp(max(start)) AS start_s FROM rollup_version WHERE tier = 'minutes'",
      {},
      1,
    );
    if (last !== undefined && last.pieces > 0) return last.start_s + PIECE_S;
    const oldest = KIND.map((kind) => `SELECT count() AS rows, min(time_ns) AS time FROM ${kind}`).join('\nUNION ALL ');
    const [first] = await this.#engine.query<{ rows: number; start_s: number }>(
      `SELECT sum(o.rows) AS rows, toUnixTimestamp(toStartOfFiveMinutes(minIf(time, o.rows > 0))) AS start_s FROM (${oldest}) AS o`,
      {},
      1,
    );
    return first !== undefined && first.rows > 0 ? first.start_s : undefined;
  }

  /** By the start of each piece in s: its number of rows, for pieces with rows. Copies count too: it only estimates the work. */
  async #rowsOf(from_s: number, to_s: number): Promise<Map<number, number>> {
    const within = `toStartOfFiveMinutes(time_ns) >= ${moment(from_s)} AND toStartOfFiveMinutes(time_ns) < ${moment(to_s)}`;
    const counts = KIND.map(
      (kind) => `SELECT toStartOfFiveMinutes(time_ns) AS start, count() AS n FROM ${kind} WHERE ${within} GROUP BY start`,
    );
    const found = await this.#engine.query<{ start_s: number; rows: number }>(
      `SELECT toUnixTimestamp(start) AS start_s, sum(n) AS rows FROM (${counts.join('\nUNION ALL ')}) GROUP BY start ORDER BY start`,
      {},
      PIECES_A_STEP,
    );
    return new Map(found.map(({ start_s, rows }) => [start_s, rows]));
  }

  /** Publishes also pieces without rows, so that they are known to be empty. */
  async #publish(from_s: number, to_s: number, rows: ReadonlyMap<number, number>): Promise<void> {
    const version = await minutesVersion(this.#engine);
    const starts = Array.from({ length: (to_s - from_s) / PIECE_S }, (_, index) => from_s + index * PIECE_S);
    const pieces = starts.map((start_s) => ({ start_s, version, rolled_rows: rows.get(start_s) ?? 0 }));
    await publish(this.#engine, 'minutes', pieces);
  }
}

/** Groups neighbouring pieces that one statement can build. */
function together(rows: ReadonlyMap<number, number>, rows_max: number): { starts: number[]; count: number }[] {
  const groups: { starts: number[]; count: number }[] = [];
  for (const [start_s, count] of rows) {
    const last = groups.at(-1);
    if (last === undefined || last.count + count > rows_max) groups.push({ starts: [start_s], count });
    else {
      last.starts.push(start_s);
      last.count += count;
    }
  }
  return groups;
}
