// Limits the number of rows that a question about connections reads.
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { Refusal } from '../../errors.ts';
import type { Queryable } from '../engine.ts';
import { conditionOf, hostsOnly } from '../language/condition.ts';
import type { Window } from './window.ts';

/** With more rows an answer would take some seconds of both cores. */
export const ROWS_READ_MAX = 5_000_000;

/**
 * The number of rows of these kinds in the window. Copies count too. Of the filter only hosts matter: other tests do not reduce what is
 * read.
 * @throws Refusal `range_too_wide`
 */
export async function rowsToRead(
  store: Queryable,
  { time, filter, params }: Window,
  kinds: readonly Kind[],
  rows_max = ROWS_READ_MAX,
): Promise<number> {
  const each = kinds.map((kind) => {
    const ofHosts = conditionOf(hostsOnly(filter), kind, 'rows', params);
    return `SELECT count() AS rows FROM ${kind} WHERE ${time} AND ${ofHosts}`;
  });
  const [counted] = await store.query<{ rows: number }>(`SELECT sum(rows) AS rows FROM (${each.join(' UNION ALL ')})`, params.values, 1);
  const rows = counted?.rows ?? 0;
  if (rows <= rows_max) return rows;
  const text = `this range has ${rows} rows of connections, and an answer is made of at most ${rows_max}: ask for a shorter range or one host`;
  throw new Refusal('range_too_wide', text);
}
