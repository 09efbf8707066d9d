// Rows as they travel: one zstd frame a batch.
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

const zstd = promisify(zstdCompress);
/** One piece of output for nearly every batch: each costs a round through the thread pool. */
const PIECE_BYTES = 128 * 1024;
const OPTIONS = { chunkSize: PIECE_BYTES, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export async function compress(rows: Uint8Array): Promise<Uint8Array> {
  const compressed = await zstd(rows, OPTIONS);
  // A little in a large piece is copied: the piece would be kept as long as the little.
  return compressed.length < PIECE_BYTES / 2 ? new Uint8Array(compressed) : compressed;
}
