// Builds minutes again whose rows came late, by pieces of five minutes of one host (late-pieces.ts).
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Queryable } from './engine.ts';
import { type LatePiece, latePieces, settleLate } from './late-pieces.ts';
import { buildPart, type MinuteEngine, minutesVersion, moment } from './minute-build.ts';
import { publish } from './published.ts';

/** Limit of late pieces in a statement; and time after which a pass leaves them, to build pieces that are due. */
const LATE_A_STATEMENT = 200;
const LATE_MS = 20_000;

export type LateOptions = {
  rows_a_statement: number;
  /** the end of what is published */
  published_s: number;
};

/** Builds noted pieces, for LATE_MS at most. @returns number of pieces */
export async function buildLate(engine: MinuteEngine, options: LateOptions): Promise<number> {
  const until_ms = performance.now() + LATE_MS;
  for (let built = 0; ; ) {
    const noted = await latePieces(engine, LATE_A_STATEMENT);
    if (noted.length === 0) return built;
    for (const some of cut(noted, await rowsOf(engine, noted), options.rows_a_statement)) {
      await build(engine, some, options);
      built += some.length;
      if (performance.now() > until_ms) return built;
    }
  }
}

async function build(engine: MinuteEngine, some: readonly LatePiece[], { rows_a_statement, published_s }: LateOptions): Promise<void> {
  const version = await minutesVersion(engine);
  await buildPart(engine, { where: ofPieces(some), rows: 0, rows_a_statement, version });
  // A piece after the last published one is built when it is due. One before the first published one has only late rows: it is published
  // here.
  const before = startsOf(some).filter((start_s) => start_s < published_s);
  const pieces = before.map((start_s) => ({ start_s, version, rolled_rows: 0 }));
  if (pieces.length > 0) await publish(engine, 'minutes', pieces);
  await settleLate(engine, some);
}

const keyOf = ({ start_s, host_id }: Pick<LatePiece, 'start_s' | 'host_id'>) => `${start_s} ${host_id}`;

/** By piece, the number of its rows; of one piece alone it is not asked. */
async function rowsOf(engine: Queryable, pieces: readonly LatePiece[]): Promise<ReadonlyMap<string, number>> {
  if (pieces.length === 1) return new Map();
  const where = ofPieces(pieces);
  const counts = KIND.map(
    (kind) => `SELECT toStartOfFiveMinutes(time_ns) AS start, host_id, count() AS n FROM ${kind} WHERE ${where} GROUP BY start, host_id`,
  );
  const found = await engine.query<{ start_s: number; host: string; rows: number }>(
    `SELECT toUnixTimestamp(start) AS start_s, toString(host_id) AS host, sum(n) AS rows FROM (${counts.join('\nUNION ALL ')})
GROUP BY start, host_id LIMIT ${LATE_A_STATEMENT}`,
    {},
    LATE_A_STATEMENT,
  );
  return new Map(found.map(({ start_s, host, rows }) => [keyOf({ start_s, host_id: host }), rows]));
}

/** Groups pieces to those that one statement can build: about so many rows, or one piece. */
function cut(pieces: readonly LatePiece[], rows: ReadonlyMap<string, number>, rows_max: number): LatePiece[][] {
  const groups: LatePiece[][] = [];
  let room = 0;
  for (const piece of pieces) {
    const count = rows.get(keyOf(piece)) ?? 0;
    const last = groups.at(-1);
    if (last !== undefined && count <= room) last.push(piece);
    else {
      groups.push([piece]);
      room = rows_max;
    }
    room -= count;
  }
  return groups;
}

const startsOf = (pieces: readonly LatePiece[]) => [...new Set(pieces.map(({ start_s }) => start_s))];

/** The condition of rows of these pieces. */
function ofPieces(pieces: readonly LatePiece[]): string {
  const pairs = pieces.map(({ start_s, host_id }) => `(${start_s}, ${host_id})`).join(', ');
  return `toStartOfFiveMinutes(time_ns) IN (${startsOf(pieces).map(moment).join(', ')}) AND (toUInt32(toStartOfFiveMinutes(time_ns)), host_id) IN (${pairs})`;
}
