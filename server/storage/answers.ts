// Asks the engine a question and checks that the answer belongs to it. The embedded engine can return rows of a failed statement with the
// next answer, and a server's answer can be cut short. So each question has a random token, and its answer must begin and end with it.
import { randomBytes } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { bounded, given } from './bounds.ts';
import { StoreError } from './engine.ts';

const TOKEN_BYTES = 12;
/**
 * Each row is a JSON array, and all of them are in one array that begins with a 0, so that each row has a comma before it. The first row
 * has the names.
 */
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
 * The rows of a bounded query.
 * @param rows limit of rows in the answer @param id of the asker: the engine keeps it beside the statement while that runs
 * @throws StoreError `store_answer_foreign` where the answer is of another question or cut short; also what the client throws
 */
export async function ask<Row>(
  client: Pick<ClickHouseClient, 'query'>,
  sql: string,
  params: Record<string, unknown>,
  rows?: number,
  id = '',
): Promise<Row[]> {
  // Random, so that no text from a host can contain it.
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const answer = await client.query({
    query: bounded(sql, rows, { ...framed(token), log_comment: id }),
    query_params: given(params),
    format: FORMAT,
  });
  return rowsOf<Row>(await answer.text(), token);
}

/** Parses the rows of an answer. */
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
