// The segment files: batches are appended to the newest, and files are removed as a whole.
import { join } from 'node:path';
import type { Disk, DiskFile } from '../durable/disk.ts';
import { type Caps, isFull } from './caps.ts';
import { type Batch, encodeRecord, parseHeader, type RecordPlace } from './record.ts';
import { Segment } from './segment.ts';

const SUFFIX = '.batches';
/** The newest so many of the files that were set aside are kept. */
const DAMAGED_MAX = 4;
/** Even the open segment is removed once all its batches are done and it has this size: its data may then never be flushed at all. */
const LEFT_WHEN_DONE_BYTES = 1024 * 1024;

export type Place = { segment: Segment; record: RecordPlace };

export function fileOf(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(12, '0')}${SUFFIX}`);
}

/** The number in the name of a segment's file; undefined for any other file. */
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

  /** Whether the open file has unflushed records that still wait. */
  get wants_sync(): boolean {
    return this.#unsynced > 0 && this.#open?.segment.all_done === false;
  }

  get next_number(): number {
    return this.#next_number;
  }

  /** Appends a batch and leases it to the caller. Throws where the disk refuses the write. */
  async append(batch: Batch, now_ms: number): Promise<Place> {
    if (this.#open && isFull(this.#open.segment, this.#caps, now_ms)) await this.leave();
    const { segment, file } = this.#open ?? (await this.#begin());
    const [header, payload] = encodeRecord(batch);
    const record = parseHeader(header, 0, segment.length);
    if (record === undefined) throw new Error(`a batch of ${payload.length} bytes is too large for the spool`);
    try {
      await file.write([header, payload], segment.length);
    } catch (error) {
      // The next write overwrites what the failed one has left; where that is not possible, the segment is closed.
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

  /**
   * Where the flush fails, the next batch begins a new segment: a later flush of this file could succeed although its data is not on disk.
   */
  async sync(): Promise<void> {
    this.#unsynced = 0;
    await this.#open?.file.sync().catch(async (error: unknown) => {
      await this.leave();
      throw error;
    });
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

  /** Whether the segment's file may be removed: it was given up, or all its batches are done and no more are appended. */
  isOver(segment: Segment): boolean {
    if (segment.given_up !== undefined) return true;
    return segment.all_done && (this.#open?.segment !== segment || segment.length >= LEFT_WHEN_DONE_BYTES);
  }

  /** Takes the segment off the list. Its file stays. */
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

/** Renames a file that cannot be read any further, and removes the oldest of such files beyond the limit. */
export async function setAside(disk: Disk, directory: string, path: string): Promise<void> {
  await disk.rename(path, `${path}.damaged`);
  const damaged = (await disk.list(directory)).filter((name) => name.endsWith('.damaged')).sort();
  for (const name of damaged.slice(0, -DAMAGED_MAX)) await disk.remove(join(directory, name));
}
