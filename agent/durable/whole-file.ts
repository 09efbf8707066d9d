// Files that are read and written as a whole.
import { dirname } from 'node:path';
import { type Disk, type DiskFile, isMissing } from './disk.ts';

/** The suffix of a file that is being written and gets its name once it is flushed. */
export const UNFINISHED = '.new';

export async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Undefined where there is no such file. */
export async function readIfThere(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    return await readWhole(disk, path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Writes a file, or a new content for one, and flushes it. A crash may leave any part of it, also of its name: see `replaceWhole`. */
export async function writeWhole(disk: Disk, path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const file = await disk.open(path, 'empty');
  try {
    await fill(file, parts);
  } finally {
    await file.close();
  }
}

/** Writes a file, or a new content for one: after a crash or an error the old content or the new one is there, whole. */
export async function replaceWhole(disk: Disk, path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const { file } = await openReplaced(disk, path, parts);
  await file.close();
  await disk.syncDirectory(dirname(path));
}

/** As `replaceWhole`, but for the flush of the directory. Returns the new file, open, and its length in bytes. */
export async function openReplaced(disk: Disk, path: string, parts: Iterable<Uint8Array>): Promise<{ file: DiskFile; length: number }> {
  const unfinished = `${path}${UNFINISHED}`;
  const file = await disk.open(unfinished, 'empty');
  try {
    const length = await fill(file, parts);
    await disk.rename(unfinished, path);
    return { file, length };
  } catch (error) {
    await file.close().catch(() => undefined);
    // On a full disk the unfinished file would take room that other files need.
    await disk.remove(unfinished).catch(() => undefined);
    throw error;
  }
}

async function fill(file: DiskFile, parts: Iterable<Uint8Array>): Promise<number> {
  let length = 0;
  for (const part of parts) {
    await file.write([part], length);
    length += part.length;
  }
  await file.sync();
  return length;
}
