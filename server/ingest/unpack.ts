// Decompression that no body can blow up: output, window and number of frames are bounded.
import { constants, type ZstdOptions, zstdDecompress } from 'node:zlib';
import { BATCH_BYTES_MAX } from '../../agent/batch-envelope.ts';
import { Refusal } from '../errors.ts';

const OPTIONS = {
  maxOutputLength: BATCH_BYTES_MAX,
  chunkSize: BATCH_BYTES_MAX,
  // Four times a batch: what any level of compression asks for at this size, and all the memory a frame may demand.
  params: { [constants.ZSTD_d_windowLogMax]: 22 },
  info: true,
} satisfies ZstdOptions & { info: true };

/**
 * Unpacks one zstd frame of at most BATCH_BYTES_MAX bytes.
 * @throws Refusal `zstd_corrupt`, `zstd_trailing_bytes`, `too_large`
 */
export async function unpack(body: Buffer): Promise<Buffer> {
  const { buffer, engine } = await decompress(body);
  // Node stops at the end of the first frame and says nothing of what follows.
  if (engine.bytesWritten !== body.length) {
    const extra = body.length - engine.bytesWritten;
    throw new Refusal('zstd_trailing_bytes', `${extra} bytes follow the zstd frame: a batch is one frame and nothing else`);
  }
  return buffer;
}

type Unpacked = { buffer: Buffer; engine: { bytesWritten: number } };

function decompress(body: Buffer): Promise<Unpacked> {
  return new Promise((resolve, reject) => {
    zstdDecompress(body, OPTIONS, (error, result) => {
      if (error) reject(refusalOf(error));
      else resolve(result as unknown as Unpacked);
    });
  });
}

function refusalOf(error: Error): Refusal {
  const tooLarge = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
  if (tooLarge)
    return new Refusal('too_large', `the batch unpacks to more than ${BATCH_BYTES_MAX} bytes: cut smaller batches`, { cause: error });
  return new Refusal('zstd_corrupt', `the body is not one whole zstd frame: ${error.message}`, { cause: error });
}
