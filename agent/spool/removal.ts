// Lets segments go of which nothing is wanted any more. The books know first: a file that is gone is not to be missed.
import type { Bookkeeper } from './bookkeeper.ts';
import type { Segment } from './segment.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { Segments } from './segments.ts';

export class Removal {
  readonly #segments: Segments;
  readonly #reader: SegmentReader;
  readonly #keeper: Bookkeeper;
  readonly #due = new Set<Segment>();

  constructor(segments: Segments, reader: SegmentReader, keeper: Bookkeeper) {
    this.#segments = segments;
    this.#reader = reader;
    this.#keeper = keeper;
  }

  /** Notes a segment of which nothing is wanted; false where that is not so. */
  note(segment: Segment): boolean {
    const over = this.#segments.isOver(segment);
    if (over) this.#due.add(segment);
    return over;
  }

  /** Removes the files of what was noted. Does not fail: what a disk keeps against all will goes at the next start. */
  async run(): Promise<void> {
    const due = [...this.#due].filter((segment) => this.#segments.isOver(segment));
    this.#due.clear();
    if (due.length === 0) return;
    for (const segment of due) {
      await this.#segments.drop(segment).catch(() => undefined);
      this.#keeper.gone(segment);
    }
    // On a disk that is full this fails, and is written once the files have made room.
    await this.#keeper.write(true).catch(() => undefined);
    for (const segment of due) await this.#remove(segment).catch(() => undefined);
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#reader.close(segment).catch(() => undefined);
    await this.#segments.removeFile(segment);
    this.#keeper.fileGone(segment);
  }
}
