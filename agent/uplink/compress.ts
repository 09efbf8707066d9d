// Compresses a batch into the one zstd frame in which it travels.
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const zstd = promisify(zstdCompress);
/** Large enough that nearly every batch comes in one piece: each piece costs a round through the thread pool. */
const PIECE_BYTES = 128 * 1024;
const OPTIONS = { chunkSize: PIECE_BYTES, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export async function compress(rows: Uint8Array): Promise<Uint8Array> {
  const compressed = await zstd(rows, OPTIONS);
  // Copied: a few bytes of a large piece would keep the whole piece in memory.
  return compressed.length < PIECE_BYTES / 2 ? new Uint8Array(compressed) : compressed;
}
