// An answer as a Parquet file, for notebooks and engines of tables. What a column means is in the file's own metadata.
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import type { Explored } from '../api/explore.ts';

type Column = Explored['columns'][number];
type Cell = Explored['rows'][number][number];
type Written = { type: BasicType; cell?: (cell: Cell) => unknown };

/** The JSON of the API's own answer, as text: some readers take only objects as JSON. */
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

/** The name of the metadata that says what the columns are and how complete the answer is. */
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
