// The INSERT that turns raw rows into stored ones. Both back ends send the same text; only where the rows come from differs.

import { statSync } from 'node:fs';
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import { quote, storedColumns } from './columns.ts';
import { type BatchSpan, type Piece, type Segment, StoreError } from './store.ts';

/** Rows that one part is made of. A segment is normally far smaller, and then it is stored in one piece or not at all. */
const BLOCK_ROWS = 4_000_000;

/**
 * A token works only if a retry is cut into the same blocks: one thread, in file order, cut by rows alone.
 */
const SETTINGS = {
  async_insert: 0,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  insert_deduplicate: 1,
  max_threads: 1,
  max_insert_threads: 1,
  input_format_parallel_parsing: 0,
  max_insert_block_size: BLOCK_ROWS,
  min_insert_block_size_rows: BLOCK_ROWS,
  min_insert_block_size_bytes: 0,
} as const;

/** Newer engines drop the deduplication of an INSERT … SELECT silently where they find its order unstable; forced, they say so. */
export const DEDUPLICATE_SELECT = 'deduplicate_insert_select';

/**
 * @param source a table expression that yields `rawStructure(kind)`
 * @param knowsDeduplicateSelect whether the engine has that setting
 * @param table the kind's, or another of its shape
 */
export function insertStatement({ kind, token }: Segment, source: string, knowsDeduplicateSelect: boolean, table: string = kind): string {
  const columns = storedColumns(kind);
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = ${value}`);
  settings.push(`insert_deduplication_token = ${quote(token)}`);
  if (knowsDeduplicateSelect) settings.push(`${DEDUPLICATE_SELECT} = 'force_enable'`);
  return `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')})
SETTINGS ${settings.join(', ')}
SELECT ${columns.map(({ select }) => select).join(', ')}
FROM ${source}`;
}

/** Throws `store_segment_unreadable` unless the file holds exactly the rows that it should. */
export function checkSegment({ kind, path, rows }: Segment): void {
  const expected = rows * KINDS[kind].size;
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === expected) return;
  const found = size === undefined ? 'does not exist' : `has ${size} bytes`;
  throw new StoreError('store_segment_unreadable', `${path} ${found}; ${rows} ${kind} rows are ${expected} bytes.`);
}

/** Where in the file the batches are that `keeps` names, neighbours as one. */
export function piecesOf({ kind, batches }: Segment, keeps: (batch: BatchSpan) => boolean): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const batch of batches) {
    const [start, end] = [at, at + batch.rows * KINDS[kind].size];
    at = end;
    if (!keeps(batch)) continue;
    const before = pieces.at(-1);
    if (before?.end === start) before.end = end;
    else pieces.push({ start, end });
  }
  return pieces;
}

export function wholeOf({ kind, rows }: Segment): Piece[] {
  return [{ start: 0, end: rows * KINDS[kind].size }];
}

/** Throws `store_rows_missing` if the engine took fewer rows than it was given: it reports success even where it read nothing. */
export function checkWritten(segment: Segment, written: number, pieces: readonly Piece[] = wholeOf(segment)): void {
  const { kind, path } = segment;
  const rows = pieces.reduce((sum, { start, end }) => sum + (end - start) / KINDS[kind].size, 0);
  if (written >= rows) return;
  throw new StoreError(
    'store_rows_missing',
    `The engine took ${written} of ${rows} ${kind} rows from ${path}. They stay in the log and are sent again.`,
  );
}
