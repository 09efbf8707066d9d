// One file of rows of one kind, as long as batches are added to it. `committed` is what the journal knows of it.
import { crc32 } from 'node:zlib';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { giveBack } from '../give-back.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BatchSpans } from './batch-spans.ts';
import { type Files, type LogFile, writeAll } from './files.ts';
import { frame, type Unframed } from './framing.ts';
import type { SegmentState } from './journal-record.ts';
import type { Lane } from './lane.ts';

/** What is added to a segment: whole rows, and whose they are. */
export type Addition = Unframed & { host_id: string; oldest_ns?: number };

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
  readonly #files: Files;
  readonly #file: LogFile;
  #committed = NOTHING;
  #written = NOTHING;
  #closed = false;
  #oldest_ns = Number.POSITIVE_INFINITY;

  /** Creates the file; its name must be new. Flush the directory before anything in it is acknowledged. */
  static async create(files: Files, name: SegmentName, path: string): Promise<OpenSegment> {
    return new OpenSegment(files, name, path, await files.open(path, 'wx'));
  }

  private constructor(files: Files, { kind, lane, name }: SegmentName, path: string, file: LogFile) {
    this.kind = kind;
    this.lane = lane;
    this.name = name;
    this.path = path;
    this.#files = files;
    this.#file = file;
  }

  get length(): number {
    return this.#committed.length;
  }

  /** Batches that the journal knows. */
  get batches(): number {
    return this.#committed.batches;
  }

  /** None of its rows is older. -Infinity where nobody has looked at the times of all of them. */
  get oldest_ns(): number {
    return this.#oldest_ns;
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
      const { host_id, epoch, sequence, oldest_ns = Number.NEGATIVE_INFINITY } = batch;
      this.#oldest_ns = Math.min(this.#oldest_ns, oldest_ns);
      this.spans.push({ host_id, epoch, sequence, rows: batch.rows.length / size });
      return [batch, this.#state(this.#written)];
    });
    await writeAll(this.#file, framed, position);
    for (const bytes of framed) giveBack(bytes);
    await this.#file.datasync();
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
    if (this.#committed.length === 0) await this.#files.remove(this.path);
  }
}
