// One file of rows of one kind, as long as batches are added to it. `committed` is what the journal knows of it.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { writeAll } from './files.ts';
import type { SegmentState } from './journal-line.ts';

export class OpenSegment {
  readonly kind: Kind;
  readonly name: string;
  readonly path: string;
  readonly #handle: FileHandle;
  #committed = { length: 0, crc: 0 };
  #written = { length: 0, crc: 0 };
  #closed = false;

  /** Creates the file; its name must be new. Flush the directory before anything in it is acknowledged. */
  static async create(kind: Kind, name: string, path: string): Promise<OpenSegment> {
    return new OpenSegment(kind, name, path, await open(path, 'wx'));
  }

  private constructor(kind: Kind, name: string, path: string, handle: FileHandle) {
    this.kind = kind;
    this.name = name;
    this.path = path;
    this.#handle = handle;
  }

  get length(): number {
    return this.#committed.length;
  }

  /** Of what the journal knows. */
  state(): SegmentState {
    return this.#state(this.#committed);
  }

  #state(until: Pick<SegmentState, 'length' | 'crc'>): SegmentState {
    return { kind: this.kind, segment: this.name, schema: KINDS[this.kind].schema, ...until };
  }

  /** Adds batches and flushes them; each with the state after it, which the journal is to record. */
  async append<Batch extends { rows: Buffer }>(batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const position = this.#written.length;
    const states = batches.map((batch): [Batch, SegmentState] => {
      this.#written = { length: this.#written.length + batch.rows.length, crc: crc32(batch.rows, this.#written.crc) };
      return [batch, this.#state(this.#written)];
    });
    const buffers = batches.map(({ rows }) => rows);
    await writeAll(this.#handle, buffers, position);
    await this.#handle.datasync();
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
        await this.#handle.truncate(this.#committed.length);
        await this.#handle.sync();
        this.#written = this.#committed;
      }
      this.#closed = true;
      await this.#handle.close();
    }
    if (this.#committed.length === 0) await rm(this.path, { force: true });
  }
}
