// The books' file: lines are added, and from time to time replaced by one that says what they add up to.
import { join } from 'node:path';
import type { BooksLine } from './books-check.ts';
import { BooksState, formatLine, readLines } from './books-line.ts';
import type { Disk, DiskFile } from './disk.ts';

const FILE = 'books';
const SNAPSHOT_AT_BYTES = 1024 * 1024;
/** Lines that wait for a disk that takes nothing; beyond it the next thing written is a snapshot. */
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

  /** What an earlier run has left; empty where there is nothing, or nothing that can be read. */
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

  /** The next thing written is to be all there is. */
  wantSnapshot(): void {
    this.#wants_snapshot = true;
    this.#pending = '';
  }

  /** Writes what has changed. Where that fails, it is written with what comes next. */
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

  /** Begins anew with a line that says it all. Where that fails, what was there still counts. */
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
