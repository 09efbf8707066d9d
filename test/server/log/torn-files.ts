// The log's file system with a memory of what a power cut would leave: files lose what was not flushed, names what their
// directory was not flushed for. Calls can be made to fail or to be the last ones.
import {
  closeSync,
  cpSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { FILES, type Files, type LogFile } from '../../../server/log/files.ts';

export type Fault = 'short' | 'ENOSPC' | 'EIO' | 'crash';
/** At which of the coming calls what happens, and numbers in [0, 1) that say how much of it survives. */
export type Plan = { faults: { after: number; fault: Fault }[]; random: number[] };

type Inode = {
  /** Bytes that a power cut leaves at least. */
  durable: number;
  /** From here on a failed flush has dropped pages: a later one does not bring them back. */
  lost_from: number;
  /** Bytes that were cut off and may come back. */
  ghost: number;
};
/** Takes back in `copy` what happened to a name. */
type Undo = (copy: (path: string) => string) => void;

class SystemError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`injected ${code}`);
    this.code = code;
  }
}

export class TornFiles implements Files {
  readonly #root: string;
  readonly #random: () => number;
  readonly #faults: { after: number; fault: Fault }[];
  readonly #inodes = new Map<string, Inode>();
  readonly #pending = new Map<string, Undo[]>();
  readonly #handles = new Set<number>();
  readonly #crash = Promise.withResolvers<'crashed'>();
  #calls = 0;
  #dead = false;

  constructor(root: string, { faults, random }: Plan) {
    this.#root = root;
    this.#faults = [...faults].sort((one, other) => one.after - other.after);
    let index = 0;
    this.#random = () => random[index++ % random.length] ?? 0.5;
  }

  /** Settles when a planned crash has come. */
  get crashed(): Promise<'crashed'> {
    return this.#crash.promise;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** No call does anything from here on. What the disk would have at the next start goes to `target`. */
  powerCut(target: string): void {
    this.#dead = true;
    for (const fd of this.#handles) closeSync(fd);
    this.#handles.clear();
    cpSync(this.#root, target, { recursive: true });
    const copy = (path: string) => join(target, relative(this.#root, path));
    for (const [path, inode] of this.#inodes) this.#tear(copy(path), inode);
    for (const undos of this.#pending.values()) {
      const kept = Math.floor(this.#random() * (undos.length + 1));
      for (const undo of undos.slice(kept).reverse()) undo(copy);
    }
  }

  #tear(path: string, { durable, ghost }: Inode): void {
    if (!existsSync(path)) return;
    const fd = openSync(path, 'r+');
    const { size } = fstatSync(fd);
    const kept = Math.min(size, durable) + Math.floor(this.#random() * (Math.max(0, size - durable) + 1));
    ftruncateSync(fd, kept);
    const back = kept === size ? Math.floor(this.#random() * (ghost + 1)) : 0;
    if (back > 0) writeSync(fd, Buffer.alloc(back, 0x5a), 0, back, kept);
    closeSync(fd);
  }

  /** Counts the call, and fails it if its time has come. */
  async #called(): Promise<Fault | undefined> {
    if (this.#dead) return await new Promise(() => undefined);
    this.#calls++;
    const [next] = this.#faults;
    if (next === undefined || next.after > this.#calls) return undefined;
    this.#faults.shift();
    return next.fault;
  }

  /** For calls of which nothing is left when they fail. */
  async #whole(): Promise<void> {
    const fault = await this.#called();
    if (fault === 'crash') await this.#die();
    if (fault !== undefined && fault !== 'crash') throw new SystemError(fault === 'short' ? 'EIO' : fault);
  }

  async #die(): Promise<never> {
    this.#dead = true;
    this.#crash.resolve('crashed');
    return new Promise(() => undefined);
  }

  #noteName(path: string, undo: Undo): void {
    const directory = dirname(path);
    this.#pending.set(directory, [...(this.#pending.get(directory) ?? []), undo]);
  }

  async open(path: string, flags: 'w' | 'wx'): Promise<LogFile> {
    await this.#whole();
    const before = existsSync(path) ? readFileSync(path) : undefined;
    const fd = openSync(path, flags);
    this.#handles.add(fd);
    const inode: Inode = { durable: 0, lost_from: Number.POSITIVE_INFINITY, ghost: 0 };
    this.#inodes.set(path, inode);
    if (before === undefined) this.#noteName(path, (copy) => rmSync(copy(path), { force: true }));
    return this.#file(fd, inode);
  }

  #file(fd: number, inode: Inode): LogFile {
    const flush = async () => {
      const fault = await this.#called();
      if (fault === 'crash') return this.#die();
      const { size } = fstatSync(fd);
      if (fault !== undefined) {
        inode.lost_from = Math.min(inode.lost_from, inode.durable);
        throw new SystemError('EIO');
      }
      inode.durable = Math.min(size, inode.lost_from);
      inode.ghost = 0;
    };
    const write = async (bytes: Buffer, position: number) => {
      const fault = await this.#called();
      const part = fault === undefined ? bytes : bytes.subarray(0, Math.floor(this.#random() * bytes.length));
      if (fault !== 'EIO' && part.length > 0) writeSync(fd, part, 0, part.length, position);
      inode.durable = Math.min(inode.durable, position);
      if (fault === 'crash') return this.#die();
      if (fault === 'ENOSPC' || fault === 'EIO') throw new SystemError(fault);
      return { bytesWritten: part.length };
    };
    return {
      write: (buffer, offset, length, position) => write(buffer.subarray(offset, offset + length), position),
      writev: (buffers, position) => write(Buffer.concat(buffers), position),
      datasync: flush,
      sync: flush,
      truncate: async (length) => {
        await this.#whole();
        inode.ghost = Math.max(inode.ghost, fstatSync(fd).size - length);
        ftruncateSync(fd, length);
        inode.durable = Math.min(inode.durable, length);
        if (length <= inode.lost_from) inode.lost_from = Number.POSITIVE_INFINITY;
      },
      close: async () => {
        if (this.#handles.delete(fd)) closeSync(fd);
      },
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#whole();
    const [moved, replaced] = [this.#inodes.get(from), this.#inodes.get(to)];
    const before = existsSync(to) ? readFileSync(to) : undefined;
    // Not FILES.rename: a power cut while that is awaited would find the new file under the old one's account.
    renameSync(from, to);
    this.#inodes.delete(from);
    if (moved) this.#inodes.set(to, moved);
    this.#noteName(to, (copy) => {
      if (existsSync(copy(to))) cpSync(copy(to), copy(from));
      if (before === undefined) rmSync(copy(to), { force: true });
      else writeFileSync(copy(to), before.subarray(0, replaced?.durable ?? before.length));
    });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#whole();
    linkSync(from, to);
    this.#noteName(to, (copy) => rmSync(copy(to), { force: true }));
  }

  async unlink(path: string): Promise<void> {
    await this.#whole();
    const before = readFileSync(path);
    unlinkSync(path);
    this.#noteName(path, (copy) => writeFileSync(copy(path), before));
  }

  async remove(path: string): Promise<void> {
    if (existsSync(path)) await this.unlink(path);
  }

  async truncate(path: string, length: number): Promise<void> {
    await this.#whole();
    const inode = this.#inodes.get(path);
    if (inode) inode.durable = Math.min(inode.durable, length);
    truncateSync(path, length);
  }

  async makeDirectory(path: string): Promise<void> {
    await FILES.makeDirectory(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#whole();
    this.#pending.delete(path);
  }
}
