// The journal's file: lines are added and flushed, and from time to time replaced by a snapshot of what they add up to.
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory, writeAll } from './files.ts';
import { formatLine, type JournalRecord } from './journal-line.ts';

export class Journal {
  readonly #path: string;
  readonly #snapshotAtBytes: number;
  #handle: FileHandle | undefined;
  #length = 0;
  #snapshotLength = 0;
  /** What a failure left uncertain: whether the last lines are on disk, or which file has the journal's name. */
  #unclear: 'nothing' | 'tail' | 'name' = 'nothing';

  /** @param snapshotAtBytes length of the lines after which a snapshot should replace them */
  constructor(path: string, snapshotAtBytes: number) {
    this.#path = path;
    this.#snapshotAtBytes = snapshotAtBytes;
  }

  get wantsSnapshot(): boolean {
    return this.#length > this.#snapshotLength + this.#snapshotAtBytes;
  }

  /** Durable when it returns. If it throws, `clear` must succeed before anything else. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    const handle = this.#opened();
    const bytes = Buffer.from(records.map(formatLine).join(''));
    this.#unclear = 'tail';
    await writeAll(handle, [bytes], this.#length);
    await handle.datasync();
    this.#length += bytes.length;
    this.#unclear = 'nothing';
  }

  /** Takes back what a failed `append` may have left, else begins anew with the snapshot. Does nothing if all is clear. */
  async clear(snapshot: () => Iterable<JournalRecord>): Promise<void> {
    if (this.#unclear === 'tail') await this.#cutTail().catch(() => this.replace(snapshot()));
    else if (this.#unclear === 'name') await this.replace(snapshot());
  }

  /** Begins a new file with these records, whether or not there was one. If it throws, the old one may still be in use. */
  async replace(records: Iterable<JournalRecord>): Promise<void> {
    const handle = await open(`${this.#path}.new`, 'w');
    const bytes = Buffer.from(Array.from(records, formatLine).join(''));
    try {
      await writeAll(handle, [bytes], 0);
      await handle.sync();
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#unclear = 'name';
    const old = this.#handle;
    this.#handle = handle;
    this.#length = bytes.length;
    this.#snapshotLength = bytes.length;
    await old?.close();
    await syncDirectory(dirname(this.#path));
    this.#unclear = 'nothing';
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #cutTail(): Promise<void> {
    const handle = this.#opened();
    await handle.truncate(this.#length);
    await handle.sync();
    this.#unclear = 'nothing';
  }

  #opened(): FileHandle {
    if (!this.#handle) throw new Error('the journal is not open');
    return this.#handle;
  }
}
