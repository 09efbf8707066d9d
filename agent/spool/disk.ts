// All file-system calls that the spool makes, behind one type, so that tests can make each of them fail as disks do.
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';

export type DiskFile = {
  /** Returns the bytes read: fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all bytes or throws; a write that failed may have left any part of them in the file. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
};

export type Disk = {
  /** `new`: fails where the file exists. `any`: creates it if it is missing. */
  open(path: string, how: 'read' | 'new' | 'any'): Promise<DiskFile>;
  list(directory: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(path: string): Promise<void>;
  /** Flushes the directory: before that, power loss can undo the creation or removal of a file. */
  syncDirectory(path: string): Promise<void>;
};

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** Symbolic links are not followed: the spool makes none. */
const FLAGS = {
  read: O_RDONLY | O_NOFOLLOW,
  new: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  any: O_RDWR | O_CREAT | O_NOFOLLOW,
} as const;
const MODE = 0o600;

export const REAL_DISK: Disk = {
  open: async (path, how) => fileOf(await open(path, FLAGS[how], MODE)),
  list: readdir,
  rename,
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
    async write(parts, position) {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      const { bytesWritten } = await handle.writev(parts as Uint8Array[], position);
      // After a short write, mostly on a full disk, the next call throws the error.
      if (bytesWritten < length) throw new Error(`wrote ${bytesWritten} of ${length} bytes: is the disk full?`);
    },
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}
