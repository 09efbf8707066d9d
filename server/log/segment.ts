// An open segment: a file of rows of one kind, to which batches are added. What the journal has of it is committed.
import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from '../../agent/durable/disk.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { giveBack } from '../give-back.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BatchSpans } from './batch-spans.ts';
import { frame, type Unframed } from './framing.ts';
import type { SegmentState } from './journal-record.ts';
import type { Lane } from './lane.ts';

/** Rows of one batch to be added, and whose they are. `oldest_ns`: none of them is older. `quarantined`: those that were taken out. */
export type Addition = Unframed & { host_id: string; oldest_ns?: number; quarantined?: Buffer };

type Extent = { length: number; crc: number; batches: number };
const NOTHING: Extent = { length: 0, crc: 0, batches: 0 };

export type SegmentName = { kind: Kind; lane: Lane; name: string };

export class OpenSegment {
  readonly kind: Kind;
  readonly lane: Lane;
  readonly name: string;
  readonly path: string;
  readonly spans = new BatchSpans();
  /** performance.now() when it was made, which is when its first rows came. */
  readonly since_ms = performance.now();
  readonly #disk: Disk;
  readonly #file: DiskFile;
  #committed = NOTHING;
  #written = NOTHING;
  #closed = false;
  #oldest_ns = Number.POSITIVE_INFINITY;

  /** Makes the file, whose name must be new. The folder must be flushed before any row of it is acknowledged. */
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

  /** How many batches are committed. */
  get batches(): number {
    return this.#committed.batches;
  }

  /** None of its rows is older. -Infinity where nobody has looked at the times of all of them. */
  get oldest_ns(): number {
    return this.#oldest_ns;
  }

  /** The spans of the committed batches. */
  committedSpans(): BatchSpans {
    return BatchSpans.of(this.spans.list().slice(0, this.batches));
  }

  /** The state of what is committed. */
  state(): SegmentState {
    return this.#state(this.#committed);
  }

  #state({ length, crc }: Extent): SegmentState {
    const { schema } = KINDS[this.kind];
    return { kind: this.kind, segment: this.name, schema, row_bytes: segmentRowBytes(this.kind), length, crc };
  }

  /** Writes batches and flushes them. Returns each with the segment's state after it, for the journal. */
  async append<Batch extends Addition>(batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const position = this.#written.length;
    const { size } = KINDS[this.kind];
    const framed = batches.map((batch) => frame(batch, size));
    const states = batches.map((batch, index): [Batch, SegmentState] => {
      const { length, crc, batches: count } = this.#written;
      const bytes = framed[index] ?? Buffer.alloc(0);
      this.#written = { length: length + bytes.length, crc: crc32(bytes, crc), batches: count + 1 };
      const { host_id, epoch, sequence, oldest_ns = Number.NEGATIVE_INFINITY, quarantined } = batch;
      this.#oldest_ns = Math.min(this.#oldest_ns, oldest_ns);
      const sent_rows = (batch.rows.length + (quarantined?.length ?? 0)) / size;
      this.spans.push({ host_id, epoch, sequence, rows: batch.rows.length / size, sent_rows });
      return [batch, this.#state(this.#written)];
    });
    await this.#file.write(framed, position);
    for (const bytes of framed) giveBack(bytes);
    await this.#file.sync();
    return states;
  }

  /** Notes that the journal has all that was appended. */
  commit(): void {
    this.#committed = this.#written;
  }

  /** Cuts off what is not committed and closes the file; an empty file is removed. After a failure it can be called again. */
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
