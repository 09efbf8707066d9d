// The rows of an investigation as lines of JSON, all kinds in the order of their times. In memory is a page of each kind.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Row, rowJson } from '../../agent/exports/row-json.ts';

const LINES_IN_CHUNK = 200;

type Source = { pages: AsyncIterator<readonly Row[]>; page: readonly Row[]; at: number };

/** @param kinds the pages of each kind, in the order of time */
export async function* rowLines(kinds: readonly AsyncIterable<readonly Row[]>[]): AsyncGenerator<string> {
  const sources = kinds.map((pages): Source => ({ pages: pages[Symbol.asyncIterator](), page: [], at: 0 }));
  for (const source of sources) await turnPage(source);
  let lines: string[] = [];
  for (let next = earliest(sources); next !== undefined; next = earliest(sources)) {
    const row = next.page[next.at++];
    if (row !== undefined) lines.push(`${rowJson(row)}\n`);
    if (next.at >= next.page.length) await turnPage(next);
    if (lines.length < LINES_IN_CHUNK) continue;
    yield lines.join('');
    lines = [];
    // Whoever takes the lines may be as fast as they are made: others have their turn all the same.
    await nextTurn();
  }
  if (lines.length > 0) yield lines.join('');
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
