// The spool's books: an append-only file that says what became of segments, batches and rows. Each line has what changed since the one
// before and is written at once, so what it says of files and of rows is of the same moment. A line: CRC-32 of the JSON, a space, the
// JSON, a newline.
import { crc32 } from 'node:zlib';
import type { Total } from '../accounts/accounting.ts';
import type { AccountingEntry } from '../contract/agent-report.ts';
import { type BooksLine, isBooksLine, type Run } from './books-check.ts';
import { Ranges } from './ranges.ts';
import { RowCounts } from './row-counts.ts';

/** The state after all lines. */
export class BooksState {
  readonly runs = new Map<string, Run>();
  readonly entries = new Map<string, AccountingEntry>();
  readonly totals = new Map<string, Total>();
  /** undefined: a line is damaged, so any run may have been posted */
  posted: Set<string> | undefined;
  readonly segments = new Map<number, { length: number; waiting: RowCounts }>();
  readonly done = new Map<number, Ranges>();
  readonly gone = new Set<number>();

  apply({ runs, forgotten = [], entries = [], totals = [], posted = [], segments = [], done = [], gone = [] }: BooksLine): void {
    if (runs) this.posted ??= new Set();
    for (const run of runs ?? []) this.runs.set(run.epoch, run);
    for (const entry of entries) this.entries.set(`${entry.epoch} ${entry.minute_ms} ${entry.kind} ${entry.outcome}`, entry);
    for (const total of totals) this.totals.set(`${total.epoch} ${total.kind} ${total.outcome}`, total);
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
  }
}

export function formatLine(line: BooksLine): string {
  const json = JSON.stringify(line);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** Reads all lines but those that are damaged or do not have this version's shape. */
export function readLines(text: string): BooksState {
  const state = new BooksState();
  const lines = text.split('\n');
  let whole = true;
  for (const [index, each] of lines.entries()) {
    const line = readLine(each);
    if (line !== undefined) state.apply(line);
    // A torn last line is of a write that never returned, so nothing was done that relied on it.
    else if (index < lines.length - 1) whole = false;
  }
  if (!whole) state.posted = undefined;
  return state;
}

function readLine(text: string): BooksLine | undefined {
  const json = text.slice(9);
  if (text.charAt(8) !== ' ' || Number.parseInt(text.slice(0, 8), 16) !== crc32(json)) return undefined;
  try {
    const line: unknown = JSON.parse(json);
    return isBooksLine(line) ? line : undefined;
  } catch {
    return undefined;
  }
}
