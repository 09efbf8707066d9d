// The file of the books: lines are appended, and from time to time the file is replaced by a snapshot, one line with the whole state.
import { join } from 'node:path';
import type { BooksLine } from './books-check.ts';
import { BooksState, formatLine, readLines } from './books-line.ts';
import type { Disk, DiskFile } from './disk.ts';

const FILE = 'books';
const SNAPSHOT_AT_BYTES = 1024 * 1024;
/** Lines that are kept for a disk that refuses writes; with more, a snapshot is written instead. */
const PENDING_CHARS_MAX = 1024 * 1024;

export class Books {
  readonly #disk: Disk;
  readonly #directory: string;
  #file: DiskFile | undefined;
  #length = 0;
  #snapshot_length = 0;
  #pending = '';
  #wants_snapshot = true;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** The state that an earlier run has left; empty where there is no file, or no line of it can be read. */
  async read(): Promise<BooksState> {
    const file = await this.#disk.open(join(this.#directory, FILE), 'read').catch(() => undefined);
    if (file === undefined) return new BooksState();
    try {
      const bytes = Buffer.alloc(await file.size());
      return readLines(bytes.toString('utf8', 0, await file.read(bytes, 0)));
    } catch {
      return new BooksState();
    } finally {
      await file.close();
    }
  }

  get wants_snapshot(): boolean {
    return this.#wants_snapshot || this.#length > this.#snapshot_length + SNAPSHOT_AT_BYTES;
  }

  /** The next write is a snapshot. */
  wantSnapshot(): void {
    this.#wants_snapshot = true;
    this.#pending = '';
  }

  /** Appends a line. Where that fails, the line is written before the next one. */
  async add(line: BooksLine, durable: boolean): Promise<void> {
    if (this.#pending.length > PENDING_CHARS_MAX) this.wantSnapshot();
    this.#pending += formatLine(line);
    const file = this.#file;
    if (file === undefined) throw new Error('the books have no file yet');
    const bytes = Buffer.from(this.#pending);
    await file.write([bytes], this.#length);
    this.#length += bytes.length;
    this.#pending = '';
    if (durable) await file.sync();
  }

  /** Replaces the file by a snapshot. Where that fails, the old file stays valid. */
  async replace(snapshot: BooksLine): Promise<void> {
    const path = join(this.#directory, FILE);
    const bytes = Buffer.from(formatLine(snapshot));
    await this.#disk.remove(`${path}.new`);
    const file = await this.#disk.open(`${path}.new`, 'new');
    try {
      await file.write([bytes], 0);
      await file.sync();
      await this.#disk.rename(`${path}.new`, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#length = bytes.length;
    this.#snapshot_length = bytes.length;
    this.#pending = '';
    this.#wants_snapshot = false;
    await old?.close().catch(() => undefined);
    await this.#disk.syncDirectory(this.#directory);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
