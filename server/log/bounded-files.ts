// A folder of files that nobody but a person reads: rows that the tables do not take, or bytes that are damaged. It is bounded in bytes:
// the oldest files are removed first.
import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, type DiskFile, isMissing } from '../../agent/durable/disk.ts';
import { allDone } from './all-done.ts';

export type Bounds = { bytes_max: number; file_bytes_max: number };
/** Enough to see what went wrong, and in most cases to have all of the rows. */
export const BOUNDS: Bounds = { bytes_max: 256 * 1024 * 1024, file_bytes_max: 4 * 1024 * 1024 };

type Found = { path: string; size: number; at_ms: number };
type Growing = { path: string; file: DiskFile; length: number };

export class BoundedFiles {
  readonly directory: string;
  readonly #disk: Disk;
  readonly #run: string;
  readonly #limits: Bounds;
  readonly #dropped: (files: number) => void;
  readonly #growing = new Map<string, Growing>();
  #count = 0;

  /** @param dropped is called with the number of files that were removed to make room */
  constructor(disk: Disk, directory: string, run: string, limits: Bounds, dropped: (files: number) => void) {
    this.#disk = disk;
    this.directory = directory;
    this.#run = run;
    this.#limits = limits;
    this.#dropped = dropped;
  }

  /** Makes the folder. To be called once, before all else. */
  async open(): Promise<void> {
    await this.#disk.makeDirectory(this.directory);
    await this.#disk.syncDirectory(dirname(this.directory));
  }

  /** Adds rows of each kind to its file and flushes them. After a crash or a failure the caller may add the same rows again. */
  async append(rows: ReadonlyMap<string, readonly Buffer[]>): Promise<void> {
    await allDone([...rows].map(([kind, buffers]) => this.#append(kind, buffers)));
  }

  /** Removes old files until the folder has room for `bytes` more. */
  async makeRoom(bytes: number): Promise<void> {
    const growing = new Set(Array.from(this.#growing.values(), ({ path }) => path));
    const names = await this.#disk.list(this.directory);
    const found = (await allDone(names.map((name) => this.#look(join(this.directory, name))))).flat();
    const oldestFirst = found.filter(({ path }) => !growing.has(path)).sort((one, other) => one.at_ms - other.at_ms);
    let total = found.reduce((sum, { size }) => sum + size, bytes);
    let dropped = 0;
    for (const { path, size } of oldestFirst) {
      if (total <= this.#limits.bytes_max) break;
      await this.#disk.remove(path);
      total -= size;
      dropped++;
    }
    if (dropped > 0) this.#dropped(dropped);
  }

  async close(): Promise<void> {
    for (const { file } of this.#growing.values()) await file.close();
    this.#growing.clear();
  }

  async #append(kind: string, buffers: readonly Buffer[]): Promise<void> {
    const growing = this.#growing.get(kind) ?? (await this.#create(kind));
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    try {
      await growing.file.write(buffers, growing.length);
      await growing.file.sync();
    } catch (error) {
      // Where this file ends is not known now, so the next rows go into a new one.
      this.#growing.delete(kind);
      await growing.file.truncate(growing.length).catch(() => undefined);
      await growing.file.close();
      throw error;
    }
    growing.length += length;
    if (growing.length < this.#limits.file_bytes_max) return;
    this.#growing.delete(kind);
    await growing.file.close();
  }

  async #create(kind: string): Promise<Growing> {
    await this.makeRoom(this.#limits.file_bytes_max);
    const path = join(this.directory, `${kind}-${this.#run}-${++this.#count}.rows`);
    const growing = { path, file: await this.#disk.open(path, 'empty'), length: 0 };
    this.#growing.set(kind, growing);
    await this.#disk.syncDirectory(this.directory);
    return growing;
  }

  /** Empty if the path is no file, or is gone: a person may have put a folder there, or taken the file away. */
  async #look(path: string): Promise<Found[]> {
    try {
      const status = await lstat(path);
      return status.isFile() ? [{ path, size: status.size, at_ms: status.mtimeMs }] : [];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}
