// Decompression that no body can blow up: output, window and number of frames are bounded.
import { constants, type ZstdOptions, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { BATCH_BYTES_MAX } from '../../agent/contract/batch-envelope.ts';
import { Refusal } from '../errors.ts';

const OPTIONS = {
  maxOutputLength: BATCH_BYTES_MAX,
  // Four times a batch: what any level of compression asks for at this size, and all the memory a frame may demand.
  params: { [constants.ZSTD_d_windowLogMax]: 22 },
  info: true,
} satisfies ZstdOptions & { info: true };
const CHUNK_BYTES_MIN = 64;
/** Up to here unpacking takes no longer than handing it to a thread does, and waits for none that flushes the log. */
const AT_ONCE_BYTES_MAX = 64 * 1024;
const MAGIC = 0xfd2fb528;

/**
 * Bytes that the frame says it unpacks to; BATCH_BYTES_MAX where it does not say, or more: what has to be reserved for it.
 * RFC 8878, 3.1.1.1: the descriptor's upper two bits give the field's width, bit 5 that there is no window descriptor before it.
 */
export function unpackedBytes(body: Buffer): number {
  if (body.length < 18 || body.readUInt32LE(0) !== MAGIC) return BATCH_BYTES_MAX;
  const descriptor = body.readUInt8(4);
  const single = (descriptor >> 5) & 1;
  const at = 5 + (1 - single) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const width = descriptor >> 6;
  let bytes = BATCH_BYTES_MAX;
  if (width === 0 && single) bytes = body.readUInt8(at);
  else if (width === 1) bytes = body.readUInt16LE(at) + 256;
  else if (width === 2) bytes = body.readUInt32LE(at);
  return Math.min(bytes, BATCH_BYTES_MAX);
}

/**
 * Unpacks one zstd frame of at most BATCH_BYTES_MAX bytes, into memory of its own.
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

function decompress(body: Buffer): Unpacked | Promise<Unpacked> {
  const bytes = unpackedBytes(body);
  // One byte more than the rows need: a chunk that is exactly full makes zlib allocate another.
  const options = { ...OPTIONS, chunkSize: Math.max(CHUNK_BYTES_MIN, bytes + 1) };
  if (bytes <= AT_ONCE_BYTES_MAX && body.length <= AT_ONCE_BYTES_MAX) return decompressAtOnce(body, options);
  return new Promise((resolve, reject) => {
    zstdDecompress(body, options, (error, result) => {
      if (error) reject(refusalOf(error));
      else resolve(result as unknown as Unpacked);
    });
  });
}

function decompressAtOnce(body: Buffer, options: ZstdOptions): Unpacked {
  try {
    // A frame that says that it is small and is not ends at what it said.
    return zstdDecompressSync(body, { ...options, maxOutputLength: AT_ONCE_BYTES_MAX }) as unknown as Unpacked;
  } catch (error) {
    throw refusalOf(error instanceof Error ? error : new Error(String(error)));
  }
}

function refusalOf(error: Error): Refusal {
  const tooLarge = 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
  if (tooLarge)
    return new Refusal('too_large', `the batch unpacks to more than ${BATCH_BYTES_MAX} bytes: cut smaller batches`, { cause: error });
  return new Refusal('zstd_corrupt', `the body is not one whole zstd frame: ${error.message}`, { cause: error });
}
