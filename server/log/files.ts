// The file-system calls of the log that a crash must not tear apart.
import { type FileHandle, open } from 'node:fs/promises';

/** A new or removed name in `directory` survives power loss only once the directory itself is flushed. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all of the buffers from `position` on; a disk that fills up in between is an error. */
export async function writeAll(handle: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  let { bytesWritten: written } = await handle.writev(buffers, position);
  if (written === length) return;
  // A short write says that the next one would fail, and only that one says why.
  const bytes = Buffer.concat(buffers);
  while (written < length) {
    const { bytesWritten } = await handle.write(bytes, written, length - written, position + written);
    if (bytesWritten === 0) throw new Error(`wrote ${written} of ${length} bytes`);
    written += bytesWritten;
  }
}
