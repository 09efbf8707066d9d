// Bounds the cost of queries: each has a limit of time and of memory.
import { quote } from './columns.ts';
import { StoreError } from './engine.ts';

/** An answer may have more rows only if its statement has a LIMIT, as lists do that can grow. */
export const ROWS_WITHOUT_LIMIT = 5000;
/** No answer has more rows than this. Longer lists are read in pages. */
export const ROWS_MOST = 60_000;

const BOUNDS = {
  max_execution_time: 15,
  max_memory_usage: 2_000_000_000,
  // Copies of a row, and versions of an entry, are always in the partition of one day, so FINAL need not compare partitions.
  do_not_merge_across_partitions_select_final: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

/**
 * The statement with its limits and `more` settings. They are part of its text, since the embedded engine would keep settings that are sent
 * beside a statement for the whole session.
 * @param rows limit of rows: with more of them the query fails and returns none
 */
export function bounded(sql: string, rows: number | undefined, more: Readonly<Record<string, string>>): string {
  if (rows !== undefined && rows > (/\bLIMIT\b/.test(sql) ? ROWS_MOST : ROWS_WITHOUT_LIMIT)) {
    throw new StoreError('store_query_failed', `an answer of ${rows} rows needs pages, and a LIMIT in its statement: ${sql.slice(0, 100)}`);
  }
  // CHECK TABLE reads whole parts, and nobody waits for the engine meanwhile.
  const bounds = sql.startsWith('CHECK TABLE') ? { ...BOUNDS, max_execution_time: 0 } : BOUNDS;
  const settings = Object.entries({ ...bounds, max_result_rows: Math.max(1, rows ?? ROWS_MOST), ...more });
  return `${sql}\nSETTINGS ${settings.map(([name, value]) => `${name} = ${typeof value === 'string' ? quote(value) : value}`).join(', ')}`;
}

/** The parameters that have a value: the client must not send the others. */
export function given(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
