// All file-system calls that spool and log make, behind one type, so that tests can make each of them fail as disks do.
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, rm } from 'node:fs/promises';
import { makeDirectories } from '../process/make-directories.ts';

export type DiskFile = {
  /** Returns the bytes read: fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all bytes or throws; a write that failed may have left any part of them in the file. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /**
   * Flushes content and length. Where it throws, the kernel may have dropped what was written and call the next flush a success: nothing
   * that is appended to this file afterwards is safe.
   */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
};

/** `new`: fails where the file exists. `any`: creates it if it is missing. `empty`: the same, and cuts it to nothing. */
export type OpenMode = 'read' | 'new' | 'any' | 'empty';

export type Disk = {
  open(path: string, how: OpenMode): Promise<DiskFile>;
  /** The names in a directory. */
  list(directory: string): Promise<string[]>;
  /** With its missing parents. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Gives the file `from` a second name. */
  link(from: string, to: string): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(path: string): Promise<void>;
  /** Flushes the directory: before that, power loss can undo the creation or removal of a file. */
  syncDirectory(path: string): Promise<void>;
};

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
/** Symbolic links are not followed: neither spool nor log makes any. */
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY | O_NOFOLLOW,
  new: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  any: O_RDWR | O_CREAT | O_NOFOLLOW,
  empty: O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW,
};
const MODE = 0o600;

export const REAL_DISK: Disk = {
  open: async (path, how) => fileOf(await open(path, FLAGS[how], MODE)),
  list: readdir,
  makeDirectory: async (path) => makeDirectories(path),
  rename,
  link,
  remove: (path) => rm(path, { force: true }),
  async syncDirectory(path) {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  },
};

function fileOf(handle: FileHandle): DiskFile {
  return {
    async read(into, position) {
      let length = 0;
      while (length < into.length) {
        const { bytesRead } = await handle.read(into, length, into.length - length, position + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return length;
    },
    write: (parts, position) => writeAll(handle, parts, position),
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  let { bytesWritten: written } = await handle.writev(parts as Uint8Array[], position);
  if (written === length) return;
  // A short write means that the next one fails, and only that one says why.
  const bytes = Buffer.concat(parts);
  while (written < length) {
    const { bytesWritten } = await handle.write(bytes, written, length - written, position + written);
    if (bytesWritten === 0) throw new Error(`the disk took ${written} of ${length} bytes: is it full?`);
    written += bytesWritten;
  }
}
