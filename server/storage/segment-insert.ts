// The INSERT of raw rows into their table. Both engines run the same text; only the source of the rows differs.
import { statSync } from 'node:fs';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { storedColumns } from './columns.ts';
import { type Segment, StoreError } from './engine.ts';
import { IDENTITY, TRAILER_BYTES } from './identity.ts';

/** Limit of rows in a part. A segment is normally far smaller; fewer parts need fewer merges. */
const BLOCK_ROWS = 4_000_000;

const SETTINGS = {
  async_insert: 0,
  max_threads: 1,
  max_insert_threads: 1,
  input_format_parallel_parsing: 0,
  max_insert_block_size: BLOCK_ROWS,
  min_insert_block_size_rows: BLOCK_ROWS,
  min_insert_block_size_bytes: 0,
  // Copies are rare, and merges remove them anyway. Looking for them in each insert would take up to half of its time.
  optimize_on_insert: 0,
} as const;

/** Bytes of one row of a segment. */
export const segmentRowBytes = (kind: Kind): number => KINDS[kind].size + TRAILER_BYTES;

/** @param source a table expression that yields `segmentStructure(kind)` */
export function insertStatement(kind: Kind, source: string): string {
  const columns = [...storedColumns(kind), ...IDENTITY];
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = ${value}`);
  return `INSERT INTO ${kind} (${columns.map(({ name }) => name).join(', ')})
SETTINGS ${settings.join(', ')}
SELECT ${columns.map(({ select }) => select).join(', ')}
FROM ${source}`;
}

/** @throws StoreError `store_segment_unreadable` unless the file holds exactly the rows that it should */
export function checkSegment({ kind, path, rows }: Segment): void {
  const expected = rows * segmentRowBytes(kind);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === expected) return;
  const found = size === undefined ? 'does not exist' : `has ${size} bytes`;
  throw new StoreError('store_segment_unreadable', `${path} ${found}; ${rows} ${kind} rows are ${expected} bytes.`);
}

/** @throws StoreError `store_rows_missing` if the engine took fewer rows than it was given: it reports success even if it read nothing */
export function checkWritten({ kind, path, rows }: Segment, written: number): void {
  if (written >= rows) return;
  throw new StoreError(
    'store_rows_missing',
    `The engine took ${written} of ${rows} ${kind} rows from ${path}. They stay in the log and are sent again.`,
  );
}
