// Reads batches back, oldest first. Holds the record offsets of one segment at a time, as numbers only: there may be many.
import type { Disk, DiskFile } from '../durable/disk.ts';
import { isIntact, parseHeader, type RecordPlace } from './record.ts';
import type { Segment } from './segment.ts';
import { fileOf } from './segments.ts';
import { walk } from './walk.ts';

/** The n-th record begins at `ats[n]` and has the schema `schemas[n]`. */
type Loaded = { segment: Segment; file: DiskFile; ats: number[]; lengths: number[]; schemas: string[]; end: number; next: number };
type Found = { record: RecordPlace; payload: Uint8Array | undefined };

export class SegmentReader {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #names = new Map<string, string>();
  #loaded: Loaded | undefined;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /**
   * The oldest batch of the segment that waits, is not leased and whose schema is not held; undefined where there is none. Without its
   * payload where that is damaged.
   */
  async find(segment: Segment, isHeld: (schema: string) => boolean): Promise<Found | undefined> {
    const loaded = await this.#load(segment);
    const { ats, schemas } = loaded;
    const isWanted = (at: number, index: number) => segment.isFree(at) && !isHeld(schemas[index] ?? '');
    while (loaded.next < ats.length && !isWanted(ats[loaded.next] ?? 0, loaded.next)) loaded.next++;
    // A record before this one may have been skipped because its schema was held then.
    const index = loaded.next < ats.length ? loaded.next : ats.findIndex(isWanted);
    if (index < 0) return undefined;
    const found = await this.#read(loaded, index);
    if (found !== undefined) return found;
    // Its header was damaged after the scan: a new scan finds a gap there, and the other records.
    await this.close();
    return this.find(segment, isHeld);
  }

  /** Starts again at the first record. */
  rewind(): void {
    if (this.#loaded) this.#loaded.next = 0;
  }

  async close(segment = this.#loaded?.segment): Promise<void> {
    const loaded = this.#loaded;
    if (loaded === undefined || loaded.segment !== segment) return;
    this.#loaded = undefined;
    await loaded.file.close();
  }

  async #read({ file, ats, lengths }: Loaded, index: number): Promise<Found | undefined> {
    const at = ats[index] ?? 0;
    const bytes = Buffer.allocUnsafeSlow(lengths[index] ?? 0);
    const length = await file.read(bytes, at);
    const record = parseHeader(bytes, 0, at);
    if (record === undefined) return undefined;
    const payload = bytes.subarray(record.length - record.payload_length, length);
    return { record, payload: isIntact(record, payload) ? payload : undefined };
  }

  async #load(segment: Segment): Promise<Loaded> {
    if (this.#loaded?.segment !== segment) await this.close();
    this.#loaded ??= await this.#open(segment);
    const loaded = this.#loaded;
    // The newest segment may have grown since the scan.
    const { length } = segment;
    if (loaded.end === length) return loaded;
    for await (const walked of walk(loaded.file, loaded.end, length)) {
      for (const each of walked) if ('record' in each) this.#add(loaded, each.record);
    }
    loaded.end = length;
    return loaded;
  }

  async #open(segment: Segment): Promise<Loaded> {
    const file = await this.#disk.open(fileOf(this.#directory, segment.number), 'read');
    return { segment, file, ats: [], lengths: [], schemas: [], end: 0, next: 0 };
  }

  #add({ ats, lengths, schemas }: Loaded, { at, length, head: { schema } }: RecordPlace): void {
    // One string object for all records of a schema.
    if (!this.#names.has(schema)) this.#names.set(schema, schema);
    ats.push(at);
    lengths.push(length);
    schemas.push(this.#names.get(schema) ?? schema);
  }
}
