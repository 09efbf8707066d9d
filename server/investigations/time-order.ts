// Rows of several kinds, each in the order of time, as one stream in that order. In memory is a page of each kind.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Row } from '../../agent/exports/row-json.ts';

type Source = { pages: AsyncIterator<readonly Row[]>; page: readonly Row[]; at: number };

/** A part has at most `rows`, and rows of at most `span_ns`. */
export type PartMax = { rows: number; span_ns: bigint };

/** Parts of all rows. @param kinds the pages of each kind: of one time, rows of an earlier one come first */
export async function* inTimeOrder(kinds: readonly AsyncIterable<readonly Row[]>[], most: PartMax): AsyncGenerator<Row[]> {
  const sources = kinds.map((pages): Source => ({ pages: pages[Symbol.asyncIterator](), page: [], at: 0 }));
  for (const source of sources) await turnPage(source);
  let part: Row[] = [];
  for (let next = earliest(sources); next !== undefined; next = earliest(sources)) {
    const row = next.page[next.at++];
    const [first] = part;
    const is_full = part.length >= most.rows || (first && row && row.time_ns - first.time_ns > most.span_ns);
    if (is_full) {
      yield part;
      part = [];
      // Whoever takes the rows may be as fast as they are made: others have their turn all the same.
      await nextTurn();
    }
    if (row !== undefined) part.push(row);
    if (next.at >= next.page.length) await turnPage(next);
  }
  if (part.length > 0) yield part;
}

async function turnPage(source: Source): Promise<void> {
  const { done, value } = await source.pages.next();
  source.page = done ? [] : value;
  source.at = 0;
}

function earliest(sources: readonly Source[]): Source | undefined {
  let found: Source | undefined;
  let least: bigint | undefined;
  for (const source of sources) {
    const time_ns = source.page[source.at]?.time_ns;
    if (time_ns === undefined || (least !== undefined && time_ns >= least)) continue;
    [found, least] = [source, time_ns];
  }
  return found;
}
