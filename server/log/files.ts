// The file-system calls that change the log. Tests put failing ones in their place: FILES is the seam.
import { link, mkdir, open, rename, rm, truncate, unlink } from 'node:fs/promises';

/** An open file as far as the log writes to it. */
export type LogFile = {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  writev(buffers: readonly Buffer[], position: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
};

export type Files = {
  open(path: string, flags: 'w' | 'wx'): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  truncate(path: string, length: number): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Removes what may not be there. */
  remove(path: string): Promise<void>;
  /** A new or removed name in a directory survives power loss only once the directory itself is flushed. */
  syncDirectory(path: string): Promise<void>;
};

export const FILES: Files = {
  open,
  rename,
  link,
  unlink,
  truncate,
  makeDirectory: async (path) => void (await mkdir(path, { recursive: true })),
  remove: (path) => rm(path, { force: true }),
  syncDirectory: async (path) => {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** Writes all of the buffers from `position` on; a disk that fills up in between is an error. */
export async function writeAll(file: LogFile, buffers: readonly Buffer[], position: number): Promise<void> {
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  let { bytesWritten: written } = await file.writev(buffers, position);
  if (written === length) return;
  // A short write says that the next one would fail, and only that one says why.
  const bytes = Buffer.concat(buffers);
  while (written < length) {
    const { bytesWritten } = await file.write(bytes, written, length - written, position + written);
    if (bytesWritten === 0) throw new Error(`wrote ${written} of ${length} bytes`);
    written += bytesWritten;
  }
}

/** A new file, or a new content for one, that is whole and durable once its directory is flushed. */
export async function writeFile(files: Files, path: string, buffers: readonly Buffer[]): Promise<void> {
  const file = await files.open(path, 'w');
  try {
    await writeAll(file, buffers, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits for all of them, then fails with the first failure: nothing still writes when the caller takes back what was written. */
export async function allDone<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
