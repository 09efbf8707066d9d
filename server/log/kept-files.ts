// A directory of files for a person to look at: rows that the tables do not take. Bounded in bytes; the oldest go first.
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../../agent/durable/disk.ts';
import { allDone } from './all-done.ts';

export type KeptLimits = { bytes_max: number; file_bytes_max: number };
/** Enough to see what went wrong, and for most troubles to have it all. */
export const KEPT_LIMITS: KeptLimits = { bytes_max: 256 * 1024 * 1024, file_bytes_max: 4 * 1024 * 1024 };

type Growing = { path: string; file: DiskFile; length: number };

export class KeptFiles {
  readonly directory: string;
  readonly #disk: Disk;
  readonly #run: string;
  readonly #limits: KeptLimits;
  readonly #dropped: (files: number) => void;
  readonly #growing = new Map<string, Growing>();
  #count = 0;

  /** @param dropped hears how many files had to go for newer ones */
  constructor(disk: Disk, directory: string, run: string, limits: KeptLimits, dropped: (files: number) => void) {
    this.#disk = disk;
    this.directory = directory;
    this.#run = run;
    this.#limits = limits;
    this.#dropped = dropped;
  }

  /** Once, before the others. */
  async open(): Promise<void> {
    await this.#disk.makeDirectory(this.directory);
    await this.#disk.syncDirectory(dirname(this.directory));
  }

  /** Adds rows to the kind's file and flushes them. After a crash or a failure a repetition may add them again. */
  async append(rows: ReadonlyMap<string, readonly Buffer[]>): Promise<void> {
    await allDone([...rows].map(([kind, buffers]) => this.#append(kind, buffers)));
  }

  /** Makes room for a file of so many bytes that the caller is about to put here. */
  async makeRoom(bytes: number): Promise<void> {
    const growing = new Set(Array.from(this.#growing.values(), ({ path }) => path));
    const found = await allDone((await this.#disk.list(this.directory)).map((name) => this.#look(join(this.directory, name))));
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
      // What comes next goes into another file: nobody knows how this one ends.
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

  async #look(path: string): Promise<{ path: string; size: number; at_ms: number }> {
    const { size, mtimeMs } = await stat(path);
    return { path, size, at_ms: mtimeMs };
  }
}
