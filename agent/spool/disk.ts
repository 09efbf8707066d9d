// The file-system calls that the spool makes, all of them, so that tests can let each one fail as disks do.
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';

export type DiskFile = {
  /** Bytes read; fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of it or throws; what a failed write has left behind it is not known. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
};

export type Disk = {
  /** `new`: fails where the name is taken. `any`: made if it is missing, kept if not. */
  open(path: string, how: 'read' | 'new' | 'any'): Promise<DiskFile>;
  list(directory: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Not an error where there is none. */
  remove(path: string): Promise<void>;
  /** A new or removed name survives power loss only once its directory is flushed. */
  syncDirectory(path: string): Promise<void>;
};

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** A link is never followed: none is the spool's. */
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
      // A short write means that the disk is full: the next one would say so.
      if (bytesWritten < length) throw new Error(`wrote ${bytesWritten} of ${length} bytes: is the disk full?`);
    },
    truncate: (length) => handle.truncate(length),
    sync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  };
}
