// Unpacks bodies. The output, the window and the number of frames are bounded, so that no body can take more memory than a batch needs.
import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { BATCH_BYTES_MAX } from '../../agent/contract/batch-envelope.ts';
import { reasonOf } from '../../agent/process/errors.ts';
import { Refusal } from '../errors.ts';

const OPTIONS = {
  maxOutputLength: BATCH_BYTES_MAX,
  // Four times a batch: no level of compression needs a larger window for a body of this size, and no frame may ask for one.
  params: { [constants.ZSTD_d_windowLogMax]: 22 },
  info: true,
} satisfies ZstdOptions & { info: true };
const CHUNK_BYTES_MIN = 64;
/**
 * Up to this size a body is unpacked on the main thread: a thread of the pool would take as long to start, and may be busy with flushes.
 */
const AT_ONCE_BYTES_MAX = 64 * 1024;
const MAGIC = 0xfd2fb528;
const decompressInPool = promisify(zstdDecompress);

/**
 * How many bytes have to be reserved for the frame: as many as it says that it unpacks to, and BATCH_BYTES_MAX where it says nothing or
 * more. RFC 8878, 3.1.1.1: the upper two bits of the descriptor are the field's width; if bit 5 is set, no window descriptor comes before
 * it.
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
 * Unpacks one zstd frame of at most BATCH_BYTES_MAX bytes, into new memory.
 * @throws Refusal `zstd_corrupt`, `zstd_trailing_bytes`, `too_large`; `out_of_memory`: the frame may be sound
 */
export async function unpack(body: Buffer): Promise<Buffer> {
  const { buffer, engine } = await decompress(body);
  // Node stops at the end of the first frame and does not say whether more follows.
  if (engine.bytesWritten !== body.length) {
    const extra = body.length - engine.bytesWritten;
    throw new Refusal('zstd_trailing_bytes', `${extra} bytes follow the zstd frame: a batch is one frame and nothing else`);
  }
  return buffer;
}

type Unpacked = { buffer: Buffer; engine: { bytesWritten: number } };

async function decompress(body: Buffer): Promise<Unpacked> {
  const bytes = unpackedBytes(body);
  // One byte more than the rows need, since zlib allocates another chunk when one is exactly full.
  const options = { ...OPTIONS, chunkSize: Math.max(CHUNK_BYTES_MIN, bytes + 1) };
  try {
    if (bytes > AT_ONCE_BYTES_MAX || body.length > AT_ONCE_BYTES_MAX) return (await decompressInPool(body, options)) as unknown as Unpacked;
    // Fails here if the frame unpacks to more than its header says.
    return zstdDecompressSync(body, { ...options, maxOutputLength: AT_ONCE_BYTES_MAX }) as unknown as Unpacked;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Only an error in the bytes refuses the batch for good. Any other error is that of this process, and the batch may be sent again. */
function refusalOf(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new Refusal('too_large', `the batch unpacks to more than ${BATCH_BYTES_MAX} bytes: cut smaller batches`, { cause: error });
  if (code === 'Z_BUF_ERROR' || (code.startsWith('ZSTD_error_') && code !== 'ZSTD_error_memory_allocation'))
    return new Refusal('zstd_corrupt', `the body is not one whole zstd frame: ${reasonOf(error)}`, { cause: error });
  const message = `the collector cannot unpack the batch now (${reasonOf(error)}): send it again, and see that the collector has memory`;
  return new Refusal('out_of_memory', message, { cause: error, retry_after_s: 5 });
}
