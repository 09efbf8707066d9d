// What one query may cost. An abandoned query goes on inside the engine, so each carries its own end.
import { quote } from './columns.ts';

const BOUNDS = {
  max_execution_time: 15,
  max_result_rows: 100_000,
  max_memory_usage: 2_000_000_000,
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
} as const;

/** The statement with its bounds and `more` settings. In the text, because settings sent beside it stay with the embedded engine's session. */
export function bounded(sql: string, more: Readonly<Record<string, string>>): string {
  const settings = Object.entries({ ...BOUNDS, ...more }).map(
    ([name, value]) => `${name} = ${typeof value === 'string' ? quote(value) : value}`,
  );
  return `${sql}\nSETTINGS ${settings.join(', ')}`;
}

/** Parameters that a query was given; what was left out must not be sent. */
export function given(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}
