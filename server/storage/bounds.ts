// Bounds what one query may cost: each has its own limit of time and memory, whoever waits for it.
import { quote } from './columns.ts';
import { StoreError } from './engine.ts';

/** An answer with more rows needs a LIMIT in its statement: only lists that others can make longer have so many. */
export const ROWS_WITHOUT_LIMIT = 5000;
/** No answer has more rows, even where a question sets no bound; all of the collector's questions do. Longer lists come in pages. */
export const ROWS_MOST = 60_000;

const BOUNDS = {
  max_execution_time: 15,
  max_memory_usage: 2_000_000_000,
  // All copies of a row, and all versions of an entry, are in one day's partition: the engine need not look into others for them.
  do_not_merge_across_partitions_select_final: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

/**
 * The statement with its bounds and `more` settings. They are in its text, since the embedded engine keeps settings that are sent beside a
 * statement for the whole session.
 * @param rows that the answer can have; with more rows it is an error, and none is returned
 */
export function bounded(sql: string, rows: number | undefined, more: Readonly<Record<string, string>>): string {
  if (rows !== undefined && rows > (/\bLIMIT\b/.test(sql) ? ROWS_MOST : ROWS_WITHOUT_LIMIT)) {
    throw new StoreError('store_query_failed', `an answer of ${rows} rows needs pages, and a LIMIT in its statement: ${sql.slice(0, 100)}`);
  }
  // A check reads whole parts, and nobody else waits for the engine meanwhile.
  const bounds = sql.startsWith('CHECK TABLE') ? { ...BOUNDS, max_execution_time: 0 } : BOUNDS;
  const settings = Object.entries({ ...bounds, max_result_rows: Math.max(1, rows ?? ROWS_MOST), ...more });
  return `${sql}\nSETTINGS ${settings.map(([name, value]) => `${name} = ${typeof value === 'string' ? quote(value) : value}`).join(', ')}`;
}

/** The parameters that have a value: others must not be sent. */
export function given(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
