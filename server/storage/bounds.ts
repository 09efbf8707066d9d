// What one query may cost. An abandoned query goes on inside the engine, so each carries its own end.
import { quote } from './columns.ts';
import { StoreError } from './engine.ts';

/** An answer may be longer only where the statement itself ends it: what has more than these is a list of what others have made. */
export const ROWS_WITHOUT_LIMIT = 5000;
/** No answer is longer, also where a question says nothing (the collector's own all do): lists come in pages. */
export const ROWS_MOST = 60_000;

const BOUNDS = {
  max_execution_time: 15,
  max_memory_usage: 2_000_000_000,
  // Copies of a row, and versions of an entry, are of one day: no part of another day has to be looked into for them.
  do_not_merge_across_partitions_select_final: 1,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

/**
 * The statement with its bounds and `more` settings. In the text, because settings sent beside it stay with the embedded engine's session.
 * @param rows that the answer can have; with more it is an error, and nothing is given
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

/** Parameters that a query was given; what was left out must not be sent. */
export function given(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
