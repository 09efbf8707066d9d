// Recovers the spool at a start: finds the batches that still wait, and accounts for the rows that are in none of them.
import type { Accounting } from '../accounts/accounting.ts';
import { LOSSES, type Outcome } from '../contract/outcome.ts';
import type { Disk } from '../durable/disk.ts';
import type { BooksState } from './books-state.ts';
import { RowCounts } from './row-counts.ts';
import type { Segment } from './segment.ts';
import { fileOf, numberOf } from './segments.ts';
import { takeOver } from './take-over.ts';

export type Recovered = {
  /** oldest first */
  segments: Segment[];
  next_number: number;
  /** the host id of each run that has batches that wait, by epoch */
  hosts: Map<string, string>;
  /** schemas of batches that wait */
  schemas: Set<string>;
  /** for the log, a sentence each */
  notices: string[];
};

/** The outcomes of a row that is in no batch that waits. */
const ENDS = ['sent', ...Object.keys(LOSSES)] as Outcome[];

/**
 * Scans every segment file, and adds to the accounting what the books do not say: rows that cannot be read, and rows that were in no
 * batch yet when their run died.
 */
export async function recover(
  disk: Disk,
  directory: string,
  books: BooksState,
  accounting: Accounting,
  now_ms: number,
): Promise<Recovered> {
  accounting.restore({
    entries: [...books.entries.values()],
    totals: [...books.totals.values()],
    lost: [...books.lost.values()],
    posted: books.posted,
  });
  const numbers = (await disk.list(directory)).flatMap((name) => numberOf(name) ?? []).sort((one, other) => one - other);
  const next_number = Math.max(0, ...numbers, ...books.segments.keys(), ...books.gone) + 1;
  const recovered: Recovered = { segments: [], next_number, hosts: new Map(), schemas: new Set(), notices: [] };
  const damaged = new RowCounts();
  for (const [number, { waiting }] of books.segments) if (!numbers.includes(number)) damaged.addAll(waiting);
  for (const number of numbers) {
    if (books.gone.has(number)) {
      await disk.remove(fileOf(directory, number)).catch(() => undefined);
      continue;
    }
    const { segment, hosts, schemas, missing, notice } = await takeOver(disk, directory, number, books);
    if (segment) recovered.segments.push(segment);
    if (notice) recovered.notices.push(notice);
    for (const [epoch, host_id] of hosts) recovered.hosts.set(epoch, host_id);
    for (const schema of schemas) recovered.schemas.add(schema);
    damaged.addAll(missing);
  }
  for (const batches of damaged) accounting.settle(batches, 'spool_damaged', now_ms);
  bookTheDead(recovered.segments, accounting, now_ms);
  return recovered;
}

/** Accounts for the rest: afterwards each row that was seen was sent, is in a named loss, or waits. */
function bookTheDead(segments: readonly Segment[], accounting: Accounting, now_ms: number): void {
  const waiting = new RowCounts();
  for (const segment of segments) waiting.addAll(segment.waiting);
  const known = new Map([...waiting, ...accounting.all().totals].map(({ epoch, kind }) => [`${epoch} ${kind}`, { epoch, kind }]));
  for (const { epoch, kind } of known.values()) {
    const found = ENDS.reduce((sum, outcome) => sum + accounting.total(epoch, kind, outcome), waiting.of(epoch, kind));
    const died = accounting.total(epoch, kind, 'seen') - found;
    if (died > 0) accounting.add(epoch, kind, 'died', died, now_ms);
    // Rows of batches that were written after the last line of the books count as seen too.
    else accounting.add(epoch, kind, 'seen', -died, now_ms);
  }
}
