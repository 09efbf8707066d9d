// The rows of an investigation as lines of JSON, all kinds merged in the order of time.
import { type Row, rowJson } from '../../agent/exports/row-json.ts';
import { inTimeOrder } from './time-order.ts';

const PART = { rows: 200, span_ns: 2n ** 63n };

/** @param kinds for each kind its pages, in the order of time */
export async function* rowLines(kinds: readonly AsyncIterable<readonly Row[]>[]): AsyncGenerator<string> {
  for await (const rows of inTimeOrder(kinds, PART)) yield rows.map((row) => `${rowJson(row)}\n`).join('');
}
