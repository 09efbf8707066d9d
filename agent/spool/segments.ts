// The segment files: batches are added to the newest, and files go as a whole.
import { join } from 'node:path';
import { type Caps, isFull } from './caps.ts';
import type { Disk, DiskFile } from './disk.ts';
import { type Batch, encodeRecord, parseHeader, type RecordPlace } from './record.ts';
import { Segment } from './segment.ts';

const SUFFIX = '.batches';
/** Files set aside that are kept, the newest. */
const DAMAGED_MAX = 4;
/** A segment of which everything is done is left from this size on: what it has written may then never reach the disk itself. */
const LEFT_WHEN_DONE_BYTES = 1024 * 1024;

export type Place = { segment: Segment; record: RecordPlace };

export function fileOf(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(12, '0')}${SUFFIX}`);
}

/** The number of a segment's file; undefined for any other. */
export function numberOf(name: string): number | undefined {
  return /^\d{12}\.batches$/.test(name) ? Number(name.slice(0, 12)) : undefined;
}

export class Segments {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #caps: Caps;
  readonly #segments: Map<number, Segment>;
  #next_number: number;
  #open: { segment: Segment; file: DiskFile } | undefined;
  #unsynced = 0;
  #new_name = false;

  /** @param segments - what an earlier run has left, oldest first */
  constructor(disk: Disk, directory: string, caps: Caps, segments: readonly Segment[], next_number: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#caps = caps;
    this.#segments = new Map(segments.map((segment) => [segment.number, segment]));
    this.#next_number = next_number;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Segment> {
    return this.#segments.values();
  }

  /** Whether a flush would make anything durable that still waits. */
  get wants_sync(): boolean {
    return this.#unsynced > 0 && this.#open?.segment.all_done === false;
  }

  get next_number(): number {
    return this.#next_number;
  }

  /** Writes a batch behind the others; it is leased to the caller. Throws where the disk does not take it. */
  async append(batch: Batch, now_ms: number): Promise<Place> {
    if (this.#open && isFull(this.#open.segment, this.#caps, now_ms)) await this.leave();
    const { segment, file } = this.#open ?? (await this.#begin());
    const [header, payload] = encodeRecord(batch);
    const record = parseHeader(header, 0, segment.length);
    if (record === undefined) throw new Error(`a batch of ${payload.length} bytes is too large for the spool`);
    try {
      await file.write([header, payload], segment.length);
    } catch (error) {
      // What the failed write has left is overwritten by the next, or else nothing is written behind it.
      await file.truncate(segment.length).catch(() => this.leave());
      throw error;
    }
    segment.add(record, true);
    this.#unsynced += record.length;
    return { segment, record };
  }

  async #begin(): Promise<{ segment: Segment; file: DiskFile }> {
    const segment = new Segment(this.#next_number++);
    const file = await this.#disk.open(fileOf(this.#directory, segment.number), 'new');
    this.#new_name = true;
    this.#open = { segment, file };
    this.#segments.set(segment.number, segment);
    return this.#open;
  }

  async sync(): Promise<void> {
    this.#unsynced = 0;
    await this.#open?.file.sync();
    if (this.#new_name) await this.#disk.syncDirectory(this.#directory);
    this.#new_name = false;
  }

  /** The next batch begins a new segment. */
  async leave(): Promise<void> {
    const { file } = this.#open ?? {};
    try {
      if (this.wants_sync) await this.sync();
    } finally {
      this.#open = undefined;
      await file?.close();
    }
  }

  /** Whether nothing will be added any more, and nothing of it is wanted. */
  isOver(segment: Segment): boolean {
    if (segment.given_up !== undefined) return true;
    return segment.all_done && (this.#open?.segment !== segment || segment.length >= LEFT_WHEN_DONE_BYTES);
  }

  /** Not in the list any more; its file is still there. */
  async drop(segment: Segment): Promise<void> {
    this.#segments.delete(segment.number);
    if (this.#open?.segment === segment) await this.leave();
  }

  /** Removes the file of a dropped segment, or sets it aside for people to look at. */
  async removeFile({ number, damaged }: Segment): Promise<void> {
    const path = fileOf(this.#directory, number);
    if (damaged) await setAside(this.#disk, this.#directory, path);
    else await this.#disk.remove(path);
  }
}

/** Renames a file that nothing more can be read from, and lets the oldest of those go that are too many. */
export async function setAside(disk: Disk, directory: string, path: string): Promise<void> {
  await disk.rename(path, `${path}.damaged`);
  const damaged = (await disk.list(directory)).filter((name) => name.endsWith('.damaged')).sort();
  for (const name of damaged.slice(0, -DAMAGED_MAX)) await disk.remove(join(directory, name));
}
