// Removes the files of segments whose batches are all done. The books say so first, so that a file that is gone does not count as lost.
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

  /** Marks a segment for removal if all its batches are done; returns whether it did. */
  note(segment: Segment): boolean {
    const over = this.#segments.isOver(segment);
    if (over) this.#due.add(segment);
    return over;
  }

  /** Removes the files of marked segments. Never fails: a file that cannot be removed is tried again at the next start. */
  async run(): Promise<void> {
    const due = [...this.#due].filter((segment) => this.#segments.isOver(segment));
    this.#due.clear();
    if (due.length === 0) return;
    for (const segment of due) {
      await this.#segments.drop(segment).catch(() => undefined);
      this.#keeper.gone(segment);
    }
    // On a full disk this write fails; it is done once the removed files have made room.
    await this.#keeper.write(true).catch(() => undefined);
    for (const segment of due) await this.#remove(segment).catch(() => undefined);
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#reader.close(segment).catch(() => undefined);
    await this.#segments.removeFile(segment);
    this.#keeper.fileGone(segment);
  }
}
