// Collects changes of segments, batches and row counts, and writes those of one moment into the books as one line.
import type { Accounting } from '../accounts/accounting.ts';
import type { Journal } from '../durable/journal.ts';
import type { BooksLine, Run } from './books-check.ts';
import type { Range } from './ranges.ts';
import type { Segment } from './segment.ts';

export type BookkeeperOptions = {
  books: Journal<BooksLine>;
  accounting: Accounting;
  segments: Iterable<Segment>;
  /** this run, and earlier ones that still have batches to send or accounting to report */
  runs: Map<string, Run>;
};

export class Bookkeeper {
  readonly #books: Journal<BooksLine>;
  readonly #accounting: Accounting;
  readonly #segments: Iterable<Segment>;
  readonly #runs: Map<string, Run>;
  readonly #changed = new Set<Segment>();
  readonly #done = new Map<number, Range[]>();
  readonly #gone = new Set<number>();
  /** changes that are in no line yet */
  #went: number[] = [];
  #forgotten: string[] = [];

  constructor({ books, accounting, segments, runs }: BookkeeperOptions) {
    this.#books = books;
    this.#accounting = accounting;
    this.#segments = segments;
    this.#runs = runs;
  }

  changed(segment: Segment): void {
    this.#changed.add(segment);
  }

  done(segment: Segment, range: Range): void {
    this.#changed.add(segment);
    const ranges = this.#done.get(segment.number) ?? [];
    const last = ranges.at(-1);
    if (last?.[1] === range[0]) ranges[ranges.length - 1] = [last[0], range[1]];
    else ranges.push(range);
    this.#done.set(segment.number, ranges);
  }

  /** The segment's file may be removed once this line is on disk. */
  gone(segment: Segment): void {
    this.#changed.delete(segment);
    this.#done.delete(segment.number);
    this.#gone.add(segment.number);
    this.#went.push(segment.number);
  }

  fileGone(segment: Segment): void {
    this.#gone.delete(segment.number);
  }

  forget(epoch: string): void {
    this.#runs.delete(epoch);
    this.#accounting.forget(epoch);
    this.#forgotten.push(epoch);
  }

  /** Throws where the disk refuses the write; the next write is then a snapshot, which has these changes too. */
  async write(durable: boolean): Promise<void> {
    const wants_snapshot = this.#accounting.coarsen() || this.#books.wants_snapshot;
    const line = this.#line();
    if (wants_snapshot) await this.#books.replace([this.#snapshot()]);
    else if (line !== undefined || durable) await this.#books.append([line ?? {}], durable);
  }

  close(): Promise<void> {
    return this.#books.close();
  }

  #line(): BooksLine | undefined {
    const { entries, totals, lost, posted } = this.#accounting.changes();
    const line: BooksLine = {
      ...(entries.length > 0 && { entries, totals }),
      ...(lost.length > 0 && { lost }),
      ...(posted.length > 0 && { posted }),
      ...(this.#changed.size > 0 && { segments: [...this.#changed].map(lineOf) }),
      ...(this.#done.size > 0 && { done: [...this.#done].map(([number, ranges]) => ({ number, ranges })) }),
      ...(this.#went.length > 0 && { gone: this.#went }),
      ...(this.#forgotten.length > 0 && { forgotten: this.#forgotten }),
    };
    this.#changed.clear();
    this.#done.clear();
    this.#went = [];
    this.#forgotten = [];
    return Object.keys(line).length > 0 ? line : undefined;
  }

  #snapshot(): BooksLine {
    const segments = [...this.#segments];
    return {
      runs: [...this.#runs.values()],
      ...this.#accounting.all(),
      segments: segments.map(lineOf),
      done: segments.map(({ number, done }) => ({ number, ranges: [...done] })),
      gone: [...this.#gone],
    };
  }
}

function lineOf({ number, length, waiting }: Segment): NonNullable<BooksLine['segments']>[number] {
  return { number, length, waiting: [...waiting] };
}
