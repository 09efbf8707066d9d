// A question to the engine and its answer, which says whose it is. The embedded engine can give rows of a statement that failed with
// the next one's answer, and a server's answer can be cut short: each question has a token that its answer must begin and end with.
import { randomBytes } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { bounded, given } from './bounds.ts';
import { StoreError } from './engine.ts';

const TOKEN_BYTES = 12;
/** One JSON array a row, all in an array that begins with a 0, so that each line of the answer begins alike. The first row is the names. */
const FORMAT = 'CustomSeparatedWithNames';
const OPENING = '[0';
const CLOSING = ']';

const framed = (token: string) =>
  ({
    format_custom_escaping_rule: 'JSON',
    format_custom_result_before_delimiter: `${token}${OPENING}`,
    format_custom_result_after_delimiter: `${CLOSING}${token}`,
    format_custom_row_before_delimiter: ',[',
    format_custom_row_after_delimiter: ']',
    format_custom_row_between_delimiter: '',
    format_custom_field_delimiter: ',',
  }) as const;

/**
 * Rows of a bounded query.
 * @param rows that the answer can have at most
 * @throws StoreError `store_answer_foreign` for an answer that is not wholly this question's, or what the client throws
 */
export async function ask<Row>(
  client: Pick<ClickHouseClient, 'query'>,
  sql: string,
  params: Record<string, unknown>,
  rows?: number,
): Promise<Row[]> {
  // Nobody who names a host or a process can guess it.
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const answer = await client.query({ query: bounded(sql, rows, framed(token)), query_params: given(params), format: FORMAT });
  return rowsOf<Row>(await answer.text(), token);
}

/** The rows of an answer's text. */
export function rowsOf<Row>(text: string, token: string): Row[] {
  const mine = text.startsWith(token + OPENING) && text.endsWith(CLOSING + token) && text.indexOf(token, 1) === text.length - token.length;
  if (!mine) {
    throw new StoreError(
      'store_answer_foreign',
      'the engine gave an answer that is not wholly to the question asked: nothing of it was used, and asking again helps',
    );
  }
  const [, names = [], ...rows] = JSON.parse(text.slice(token.length, -token.length)) as [0, string[], ...unknown[][]];
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (const [at, name] of names.entries()) row[name] = values[at];
    return row as Row;
  });
}
