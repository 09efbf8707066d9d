// Rows that arrive after their minutes were built. It is noted which pieces of five minutes and which hosts they belong to, and these are
// built again (late-refresh.ts). Rows are sorted by five minutes and host, so such a piece is the least that can be read alone.
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { HEAD_AT } from '../../bpf/rows/rows.gen.ts';
import type { Engine, Queryable, Segment } from './engine.ts';
import { PIECE_S, publishedMinutes } from './published-minutes.ts';
import { segmentRowBytes } from './segment-insert.ts';

/** A piece is built so long after its end, since its rows may arrive until then. */
export const SETTLED_S = 120;
/**
 * Rows are noted when so much time has passed since their piece's end. That is earlier than SETTLED_S, since another collector, whose clock
 * is ahead, may be building the piece already.
 */
const NOTED_FROM_S = 60;

/**
 * `notes`: ids of all notes that were read. A note that is made while the piece is built has another id, so it is not settled by mistake.
 */
export type LatePiece = { start_s: number; host_id: string; notes: string[] };

/**
 * Notes late rows. Called after they were stored, so that whoever acts on the note finds them. Rows of pieces that were already built are
 * noted whatever the clock says, since the builder's clock may have been ahead.
 * @param now_ms when the rows had been stored
 */
export async function noteLate(
  engine: Pick<Engine, 'insertObjects' | 'query'>,
  segments: readonly Segment[],
  now_ms: number,
): Promise<void> {
  const made_s = (await publishedMinutes(engine)).at(-1)?.[1] ?? 0;
  const latest_s = Math.max(made_s, now_ms / 1000 - NOTED_FROM_S) - PIECE_S;
  const found = new LateSearch(latest_s);
  for (const segment of segments) {
    const { oldest_ns = Number.NEGATIVE_INFINITY } = segment;
    if (oldest_ns / 1e9 < latest_s + PIECE_S) await eachChunk(segment, (rows, row_bytes) => found.look(rows, row_bytes));
  }
  if (found.pieces.length === 0) return;
  const note = BigInt(`0x${randomBytes(8).toString('hex')}`).toString();
  await engine.insertObjects(
    'late_piece',
    found.pieces.map(({ start_s, host_id }) => ({ start: start_s, host_id, note, done: 0 })),
  );
}

/** Size of the chunks in which a segment is searched. */
const CHUNK_BYTES = 1024 * 1024;

async function eachChunk({ kind, path }: Segment, look: (rows: Buffer, row_bytes: number) => void): Promise<void> {
  const row_bytes = segmentRowBytes(kind);
  const chunk = Buffer.allocUnsafe(Math.max(1, Math.floor(CHUNK_BYTES / row_bytes)) * row_bytes);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      look(chunk.subarray(0, bytesRead), row_bytes);
    }
  } finally {
    await file.close();
  }
}

/** A double has ns since the epoch only to within 256 ns, so a row this close to the edge of two pieces is noted for both. */
const EDGE_S = 1e-6;

/** Collects the pieces and hosts of rows, for pieces that begin at `latest_s` or before. */
export class LateSearch {
  readonly #latest_s: number;
  readonly #found = new Map<string, Omit<LatePiece, 'notes'>>();

  constructor(latest_s: number) {
    this.#latest_s = latest_s;
  }

  get pieces(): Omit<LatePiece, 'notes'>[] {
    return [...this.#found.values()];
  }

  /** @param rows whole rows of a segment, `row_bytes` each with the trailer */
  look(rows: Buffer, row_bytes: number): void {
    // Rows of a batch are neighbours: they have the same host, and mostly the same piece.
    let last = { start_s: -1, low: 0, high: 0 };
    for (let at = 0; at + row_bytes <= rows.length; at += row_bytes) {
      const time_s = (rows.readUInt32LE(at + HEAD_AT.time_ns + 4) * 2 ** 32 + rows.readUInt32LE(at + HEAD_AT.time_ns)) / 1e9;
      if (time_s >= this.#latest_s + PIECE_S) continue;
      const start_s = Math.floor((time_s - EDGE_S) / PIECE_S) * PIECE_S;
      const [low, high] = [rows.readUInt32LE(at + HEAD_AT.host_id), rows.readUInt32LE(at + HEAD_AT.host_id + 4)];
      const atEdge = time_s + EDGE_S >= start_s + PIECE_S;
      if (start_s === last.start_s && low === last.low && high === last.high && !atEdge) continue;
      last = { start_s, low, high };
      const host_id = rows.readBigUInt64LE(at + HEAD_AT.host_id).toString();
      for (const start of atEdge ? [start_s, start_s + PIECE_S] : [start_s])
        this.#found.set(`${start} ${host_id}`, { start_s: start, host_id });
    }
  }
}

/** Noted pieces that were not built since, newest first. @param before_s only pieces that begin before this time */
export async function latePieces(engine: Queryable, most: number, before_s?: number): Promise<LatePiece[]> {
  const within = before_s === undefined ? '' : `AND start < toDateTime(${before_s}, 'UTC')`;
  return engine.query<LatePiece>(
    `SELECT toUnixTimestamp(start) AS start_s, toString(l.host_id) AS host_id, arrayMap(n -> toString(n), groupArray(note)) AS notes
FROM late_piece AS l FINAL WHERE NOT done ${within} GROUP BY start, l.host_id ORDER BY start DESC, l.host_id LIMIT ${most}`,
    {},
    most,
  );
}

/** Marks these notes as done: the pieces were built from rows that include those of the notes. */
export function settleLate(engine: Pick<Engine, 'insertObjects'>, pieces: readonly LatePiece[]): Promise<void> {
  const objects = pieces.flatMap(({ start_s, host_id, notes }) => notes.map((note) => ({ start: start_s, host_id, note, done: 1 })));
  return engine.insertObjects('late_piece', objects);
}
