// The spool's books: a journal that says what became of segments, batches and rows. Each line has what changed since the one before and is
// written at once, so what it says of files and of rows is of the same moment.
import { join } from 'node:path';
import type { Total } from '../accounts/accounting.ts';
import { lostKey } from '../accounts/lost-batches.ts';
import type { AccountingEntry, LostBatches } from '../contract/agent-report.ts';
import type { Disk } from '../durable/disk.ts';
import { Journal, type JournalFormat, readJournal } from '../durable/journal.ts';
import { CannotRunError } from '../process/errors.ts';
import { type BooksLine, isBooksLine, type Run } from './books-check.ts';
import { Ranges } from './ranges.ts';
import { RowCounts } from './row-counts.ts';

const BOOKS: JournalFormat<BooksLine> = { format: 'tcplens spool 3', isValue: isBooksLine };
const SNAPSHOT_BYTES_MIN = 1024 * 1024;

export function booksOf(disk: Disk, directory: string): Journal<BooksLine> {
  return new Journal(disk, pathOf(directory), BOOKS, SNAPSHOT_BYTES_MIN);
}

/**
 * The state that an earlier run has left; empty where there is no file, or nothing of it can be read.
 * @throws CannotRunError `spool_of_other_version`
 */
export async function readBooks(disk: Disk, directory: string): Promise<BooksState> {
  const read = await readJournal(disk, pathOf(directory), BOOKS).catch(() => undefined);
  if (read?.other_format) {
    const message =
      `the spool ${directory} was written by another version of tcplens, and may hold batches that no collector has: start that version ` +
      'until they are sent, or give this one a directory of its own with --spool';
    throw new CannotRunError('spool_of_other_version', message);
  }
  const state = new BooksState();
  for (const line of read?.values ?? []) state.apply(line);
  // A line that cannot be read may have said that a run was posted, so any run may have been. A torn tail is no such line: its write never
  // returned.
  if (read?.begins !== true || read.damaged_lines > 0) state.posted = undefined;
  return state;
}

const pathOf = (directory: string): string => join(directory, 'books');

/** The state that the lines add up to. */
export class BooksState {
  readonly runs = new Map<string, Run>();
  readonly entries = new Map<string, AccountingEntry>();
  readonly totals = new Map<string, Total>();
  readonly lost = new Map<string, LostBatches>();
  /** undefined: any run may have been posted */
  posted: Set<string> | undefined;
  readonly segments = new Map<number, { length: number; waiting: RowCounts }>();
  readonly done = new Map<number, Ranges>();
  readonly gone = new Set<number>();

  apply({ runs, forgotten = [], entries = [], totals = [], lost = [], posted = [], segments = [], done = [], gone = [] }: BooksLine): void {
    if (runs) this.posted ??= new Set();
    for (const run of runs ?? []) this.runs.set(run.epoch, run);
    for (const entry of entries) this.entries.set(`${entry.epoch} ${entry.minute_ms} ${entry.kind} ${entry.outcome}`, entry);
    for (const total of totals) this.totals.set(`${total.epoch} ${total.kind} ${total.outcome}`, total);
    for (const batches of lost) this.lost.set(lostKey(batches), batches);
    for (const epoch of posted) this.posted?.add(epoch);
    for (const { number, length, waiting } of segments) this.segments.set(number, { length, waiting: new RowCounts(waiting) });
    for (const { number, ranges } of done) {
      const all = this.done.get(number) ?? new Ranges();
      for (const range of ranges) all.add(range);
      this.done.set(number, all);
    }
    for (const number of gone) {
      this.gone.add(number);
      this.segments.delete(number);
      this.done.delete(number);
    }
    for (const epoch of forgotten) this.#forget(epoch);
  }

  #forget(epoch: string): void {
    this.runs.delete(epoch);
    this.posted?.delete(epoch);
    for (const [key, entry] of this.entries) if (entry.epoch === epoch) this.entries.delete(key);
    for (const [key, total] of this.totals) if (total.epoch === epoch) this.totals.delete(key);
    for (const [key, batches] of this.lost) if (batches.epoch === epoch) this.lost.delete(key);
  }
}
