// One file of rows of one kind, as long as batches are added to it. `committed` is what the journal knows of it.
import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from '../../agent/durable/disk.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BatchSpans } from './batch-spans.ts';
import { frame, type Unframed } from './framing.ts';
import type { SegmentState } from './journal-record.ts';
import type { Lane } from './lane.ts';

/** What is added to a segment: whole rows, and whose they are. */
export type Addition = Unframed & { host_id: string };

type Extent = { length: number; crc: number; batches: number };
const NOTHING: Extent = { length: 0, crc: 0, batches: 0 };

/** What a segment is made as. */
export type SegmentName = { kind: Kind; lane: Lane; name: string };

export class OpenSegment {
  readonly kind: Kind;
  readonly lane: Lane;
  readonly name: string;
  readonly path: string;
  readonly spans = new BatchSpans();
  /** performance.now() when it was made: rows come at once. */
  readonly since_ms = performance.now();
  readonly #disk: Disk;
  readonly #file: DiskFile;
  #committed = NOTHING;
  #written = NOTHING;
  #closed = false;

  /** Creates the file; its name must be new. Flush the directory before anything in it is acknowledged. */
  static async create(disk: Disk, name: SegmentName, path: string): Promise<OpenSegment> {
    return new OpenSegment(disk, name, path, await disk.open(path, 'new'));
  }

  private constructor(disk: Disk, { kind, lane, name }: SegmentName, path: string, file: DiskFile) {
    this.kind = kind;
    this.lane = lane;
    this.name = name;
    this.path = path;
    this.#disk = disk;
    this.#file = file;
  }

  get length(): number {
    return this.#committed.length;
  }

  /** Batches that the journal knows. */
  get batches(): number {
    return this.#committed.batches;
  }

  /** Those, without what has been written after them. */
  committedSpans(): BatchSpans {
    return BatchSpans.of(this.spans.list().slice(0, this.batches));
  }

  /** Of what the journal knows. */
  state(): SegmentState {
    return this.#state(this.#committed);
  }

  #state({ length, crc }: Extent): SegmentState {
    const { schema } = KINDS[this.kind];
    return { kind: this.kind, segment: this.name, schema, row_bytes: segmentRowBytes(this.kind), length, crc };
  }

  /** Adds batches and flushes them; each with the state after it, which the journal is to record. */
  async append<Batch extends Addition>(batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const position = this.#written.length;
    const { size } = KINDS[this.kind];
    const framed = batches.map((batch) => frame(batch, size));
    const states = batches.map((batch, index): [Batch, SegmentState] => {
      const { length, crc, batches: count } = this.#written;
      const bytes = framed[index] ?? Buffer.alloc(0);
      this.#written = { length: length + bytes.length, crc: crc32(bytes, crc), batches: count + 1 };
      const { host_id, epoch, sequence } = batch;
      this.spans.push({ host_id, epoch, sequence, rows: batch.rows.length / size });
      return [batch, this.#state(this.#written)];
    });
    await this.#file.write(framed, position);
    await this.#file.sync();
    return states;
  }

  /** The journal knows all that was appended. */
  commit(): void {
    this.#committed = this.#written;
  }

  /** Cuts off what the journal does not know and ends the file. It is removed if nothing remains. May be repeated. */
  async end(): Promise<void> {
    if (!this.#closed) {
      if (this.#written.length !== this.#committed.length) {
        await this.#file.truncate(this.#committed.length);
        await this.#file.sync();
        this.#written = this.#committed;
        this.spans.cut(this.#committed.batches);
      }
      this.#closed = true;
      await this.#file.close();
    }
    if (this.#committed.length === 0) await this.#disk.remove(this.path);
  }
}
