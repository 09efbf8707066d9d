// An answer as a Parquet file, for notebooks and data tools. The file's metadata describes the columns.
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import type { Explored } from '../api/explore.ts';

type Column = Explored['columns'][number];
type Cell = Explored['rows'][number][number];
type Written = { type: BasicType; cell?: (cell: Cell) => unknown };

/** A text with the same JSON as in the API's answer: some readers accept only objects in JSON columns. */
const DISTRIBUTION: Written = { type: 'STRING', cell: (cell) => JSON.stringify(cell) };
const OF_SORT: Record<Column['sort'], Written> = {
  time: { type: 'TIMESTAMP', cell: (cell) => new Date(Number(cell) * 1000) },
  dimension: { type: 'STRING' },
  id: { type: 'STRING' },
  other: { type: 'BOOLEAN' },
  metric: { type: 'DOUBLE' },
  earlier: { type: 'DOUBLE' },
  samples: { type: 'DOUBLE' },
};

/** Key of the file's metadata: the meaning of the columns, and how complete the answer is. */
export const PARQUET_METADATA = 'tcplens';

export function parquetOf({ columns, rows, ...answer }: Explored): Buffer {
  const columnData = columns.map(({ name, sort, adds }, at) => {
    const { type, cell = (value) => value } = adds === 'distribution' && isPairs(rows, at) ? DISTRIBUTION : OF_SORT[sort];
    return { name, type, data: rows.map((row) => cell(row[at] ?? null)) };
  });
  const { from_ms, to_ms, step_s, source, completeness, notes } = answer;
  const value = JSON.stringify({ from_ms, to_ms, step_s, source, completeness, notes, columns });
  return Buffer.from(parquetWriteBuffer({ columnData, createdBy: 'tcplens', kvMetadata: [{ key: PARQUET_METADATA, value }] }));
}

const isPairs = (rows: Explored['rows'], at: number) => rows.some((row) => Array.isArray(row[at]));
