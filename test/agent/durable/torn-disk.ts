// The real disk with faults, and with a memory of what was flushed: after a power cut files lose what was not flushed, and names what their
// directory was not flushed for. Calls can be made to fail one by one, or all of a sort for as long as a fault lasts.
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
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Disk, type DiskFile, type OpenMode, REAL_DISK } from '../../../agent/durable/disk.ts';

type Call = 'open' | 'create' | 'read' | 'write' | 'truncate' | 'sync' | 'rename' | 'link' | 'remove' | 'syncDirectory';

/** Which calls fail while a fault lasts. */
const FAILING = {
  none: [],
  full: ['create', 'write'],
  /** part of a write happens, then the disk is full */
  short: ['write', 'truncate'],
  io: ['create', 'write', 'truncate', 'sync', 'rename', 'link', 'remove', 'syncDirectory'],
  no_sync: ['sync', 'syncDirectory'],
  no_read: ['open', 'read'],
  no_rename: ['rename'],
} as const satisfies Record<string, readonly Call[]>;
export type Lasting = keyof typeof FAILING;

/** `crash`: half of the call happens, and nothing after it. */
export type Fault = 'ENOSPC' | 'EIO' | 'crash';
/** At which of the coming calls what happens, and numbers in [0, 1) that say how much of it survives. */
export type Plan = { faults: { after: number; fault: Fault }[]; random: number[] };
const NOTHING = Buffer.alloc(0);
const HEALTHY: Plan = { faults: [], random: [0.5] };

type Inode = {
  /** Bytes that a power cut leaves at least. */
  durable: number;
  /** From here on a failed flush has dropped pages: a later one does not bring them back. */
  lost_from: number;
  /** What was cut off and may come back. */
  ghost: Buffer;
};
/** Takes back in `copy` what happened to a name. */
type Undo = (copy: (path: string) => string) => void;

function systemError(code: string): Error {
  return Object.assign(new Error(`injected ${code}`), { code });
}

export class TornDisk implements Disk {
  fault: Lasting = 'none';
  writes = 0;
  syncs = 0;
  /** Nothing happens any more: a planned crash has come, or `kill` or `powerCut` was called. */
  dead = false;
  readonly #root: string;
  readonly #random: () => number;
  readonly #faults: { after: number; fault: Fault }[];
  readonly #inodes = new Map<string, Inode>();
  readonly #pending = new Map<string, Undo[]>();
  readonly #handles = new Set<number>();
  #calls = 0;

  /** What lies below `root` is flushed. */
  constructor(root: string, { faults, random }: Plan = HEALTHY) {
    this.#root = root;
    this.#faults = [...faults].sort((one, other) => one.after - other.after);
    let index = 0;
    this.#random = () => random[index++ % random.length] ?? 0.5;
  }

  /** As SIGKILL does: what was written stays. */
  kill(): void {
    this.dead = true;
    for (const fd of this.#handles) closeSync(fd);
    this.#handles.clear();
  }

  /**
   * No call does anything from here on. What the disk would have at the next start goes to `target`: of what was not flushed, as much of
   * bytes and of names survives as the numbers in [0, 1) say.
   */
  powerCut(target: string, { bytes = this.#random, names = this.#random }: { bytes?: () => number; names?: () => number } = {}): void {
    this.kill();
    cpSync(this.#root, target, { recursive: true });
    const copy = (path: string) => join(target, relative(this.#root, path));
    for (const [path, inode] of this.#inodes) tear(copy(path), inode, bytes);
    for (const undos of this.#pending.values()) {
      const kept = Math.floor(names() * (undos.length + 1));
      for (const undo of undos.slice(kept).reverse()) undo(copy);
    }
  }

  /** Counts the call, and says what happens to it. */
  #called(call: Call): Fault | undefined {
    if (this.dead) throw new Error('this process is gone');
    this.#calls++;
    const [next] = this.#faults;
    if (next !== undefined && next.after <= this.#calls) {
      this.#faults.shift();
      return next.fault;
    }
    if (!(FAILING[this.fault] as readonly Call[]).includes(call)) return undefined;
    return this.fault === 'full' || this.fault === 'short' ? 'ENOSPC' : 'EIO';
  }

  /** For calls of which nothing is left when they fail. */
  #whole(call: Call): void {
    const fault = this.#called(call);
    if (fault === 'crash') this.#die();
    if (fault !== undefined) throw systemError(fault);
  }

  #die(): never {
    this.dead = true;
    throw new Error('this process is gone');
  }

  #noteName(path: string, undo: Undo): void {
    const directory = dirname(path);
    this.#pending.set(directory, [...(this.#pending.get(directory) ?? []), undo]);
  }

  async open(path: string, how: OpenMode): Promise<DiskFile> {
    const isThere = existsSync(path);
    this.#whole(how === 'read' ? 'open' : 'create');
    if (how === 'read') return this.#readOnly(await REAL_DISK.open(path, how));
    const fd = openSync(path, how === 'any' && isThere ? 'r+' : how === 'new' ? 'wx+' : 'w+', 0o600);
    this.#handles.add(fd);
    const kept = how === 'any' && isThere ? (this.#inodes.get(path) ?? { durable: statSync(path).size }) : { durable: 0 };
    const inode: Inode = { lost_from: Number.POSITIVE_INFINITY, ghost: NOTHING, ...kept };
    this.#inodes.set(path, inode);
    if (!isThere) this.#noteName(path, (copy) => rmSync(copy(path), { force: true }));
    return this.#file(fd, inode);
  }

  #readOnly(file: DiskFile): DiskFile {
    const read = (into: Uint8Array, position: number) => {
      this.#whole('read');
      return file.read(into, position);
    };
    return { ...file, read: async (into, position) => read(into, position) };
  }

  #file(fd: number, inode: Inode): DiskFile {
    return {
      read: async (into, position) => {
        this.#whole('read');
        return readFileSync(`/proc/self/fd/${fd}`).copy(into, 0, position);
      },
      write: async (parts, position) => this.#write(fd, inode, Buffer.concat(parts), position),
      sync: async () => this.#sync(fd, inode),
      size: async () => fstatSync(fd).size,
      truncate: async (length) => {
        this.#whole('truncate');
        inode.ghost = readFileSync(`/proc/self/fd/${fd}`).subarray(length);
        ftruncateSync(fd, length);
        inode.durable = Math.min(inode.durable, length);
        if (length <= inode.lost_from) inode.lost_from = Number.POSITIVE_INFINITY;
      },
      close: async () => {
        if (this.#handles.delete(fd)) closeSync(fd);
      },
    };
  }

  #write(fd: number, inode: Inode, bytes: Buffer, position: number): void {
    this.writes++;
    const fault = this.#called('write');
    const part = fault === undefined ? bytes : bytes.subarray(0, Math.floor(this.#random() * bytes.length));
    if (fault !== 'EIO' && part.length > 0) writeSync(fd, part, 0, part.length, position);
    inode.durable = Math.min(inode.durable, position);
    if (fault === 'crash') this.#die();
    if (fault !== undefined) throw systemError(fault);
  }

  #sync(fd: number, inode: Inode): void {
    this.syncs++;
    const fault = this.#called('sync');
    if (fault === 'crash') this.#die();
    if (fault !== undefined) {
      inode.lost_from = Math.min(inode.lost_from, inode.durable);
      throw systemError('EIO');
    }
    inode.durable = Math.min(fstatSync(fd).size, inode.lost_from);
    inode.ghost = NOTHING;
  }

  async list(directory: string): Promise<string[]> {
    return REAL_DISK.list(directory);
  }

  async makeDirectory(path: string): Promise<void> {
    await REAL_DISK.makeDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#whole('rename');
    const [moved, replaced] = [this.#inodes.get(from), this.#inodes.get(to)];
    const before = existsSync(to) ? readFileSync(to) : undefined;
    // Not awaited: a power cut meanwhile would find the new file under the old one's account.
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
    this.#whole('link');
    linkSync(from, to);
    this.#noteName(to, (copy) => rmSync(copy(to), { force: true }));
  }

  async remove(path: string): Promise<void> {
    if (!existsSync(path)) return;
    this.#whole('remove');
    const [before, inode] = [readFileSync(path), this.#inodes.get(path)];
    rmSync(path);
    this.#inodes.delete(path);
    this.#noteName(path, (copy) => writeFileSync(copy(path), before.subarray(0, inode?.durable ?? before.length)));
  }

  async syncDirectory(path: string): Promise<void> {
    this.#whole('syncDirectory');
    this.#pending.delete(path);
  }
}

/** Waits for `work`, which may fail where the planned crash has come. */
export async function startedOrDead(work: Promise<unknown>, disk: TornDisk): Promise<void> {
  await work.catch((error: unknown) => {
    if (!disk.dead) throw error;
  });
}

/** Leaves of a file what a power cut leaves. */
function tear(path: string, { durable, ghost }: Inode, random: () => number): void {
  if (!existsSync(path)) return;
  const fd = openSync(path, 'r+');
  const { size } = fstatSync(fd);
  const kept = Math.min(size, durable) + Math.floor(random() * (Math.max(0, size - durable) + 1));
  ftruncateSync(fd, kept);
  const back = kept === size ? Math.floor(random() * (ghost.length + 1)) : 0;
  if (back > 0) writeSync(fd, ghost, 0, back, kept);
  closeSync(fd);
}
