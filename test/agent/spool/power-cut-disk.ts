// The real disk with a memory of what was flushed: after a power cut, files have what they had at their last flush, and names are as
// their directory was flushed, or as they were changed last: a disk may do either.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Disk, REAL_DISK } from '../../../agent/spool/disk.ts';

/** A file, whatever its name. */
type Inode = { flushed: Buffer };

export class PowerCutDisk implements Disk {
  readonly #names: Map<string, Inode>;
  #flushed_names: Map<string, Inode>;

  /** What is in the directory already is as it was after the last cut: flushed. */
  constructor(directory: string) {
    const paths = existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
    this.#names = new Map(paths.map((path) => [path, { flushed: readFileSync(path) }]));
    this.#flushed_names = new Map(this.#names);
  }

  open: Disk['open'] = async (path, how) => {
    const file = await REAL_DISK.open(path, how);
    const inode = this.#names.get(path) ?? { flushed: Buffer.alloc(0) };
    this.#names.set(path, inode);
    const sync = async () => {
      await file.sync();
      const bytes = Buffer.alloc(await file.size());
      await file.read(bytes, 0);
      inode.flushed = bytes;
    };
    return { ...file, sync };
  };

  list: Disk['list'] = (path) => REAL_DISK.list(path);

  rename: Disk['rename'] = async (from, to) => {
    await REAL_DISK.rename(from, to);
    const inode = this.#names.get(from);
    this.#names.delete(from);
    if (inode) this.#names.set(to, inode);
  };

  remove: Disk['remove'] = async (path) => {
    await REAL_DISK.remove(path);
    this.#names.delete(path);
  };

  syncDirectory: Disk['syncDirectory'] = async (path) => {
    await REAL_DISK.syncDirectory(path);
    this.#flushed_names = new Map(this.#names);
  };

  /** What a cut at this moment leaves, in a new directory. `names`: which of the names' changes survive that were not flushed. */
  cut(names: 'all' | 'none', directory: string): void {
    mkdirSync(directory);
    for (const [path, { flushed }] of names === 'all' ? this.#names : this.#flushed_names)
      writeFileSync(join(directory, basename(path)), flushed);
  }
}
