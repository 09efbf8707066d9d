// Merges rows of several kinds, each in the order of time, into one stream in that order. One page of each kind is in memory.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Row } from '../../agent/exports/row-json.ts';

type Source = { pages: AsyncIterator<readonly Row[]>; page: readonly Row[]; at: number };

/** Limits of a part: number of rows, and time from its first to its last row. */
export type PartMax = { rows: number; span_ns: bigint };

/**
 * Parts of all rows.
 * @param kinds for each kind its pages. Of rows of the same time, those of the kind that comes earlier here come first
 */
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
      // The reader may be as fast as this loop: without a pause nothing else on this thread would run.
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
