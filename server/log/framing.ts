// How rows lie in a segment: behind each row is the trailer that storage/identity.ts describes. So every batch can be checked by its own
// bytes, and found in a file that the journal does not know.
import { crc32 } from 'node:zlib';
import { hex64 } from '../../agent/contract/hex64.ts';
import { TRAILER_AT, TRAILER_BYTES } from '../storage/identity.ts';

/** Rows of one batch. `places`: the index of each row in the batch as it was sent; undefined if no row of it is missing. */
export type Unframed = { epoch: string; sequence: number; rows: Buffer; places?: Uint32Array };
/** A batch as its trailers name it. */
export type Framed = { epoch: string; sequence: number; rows: number };

/** The last bytes of a trailer are zeros. */
const PAD_AT = TRAILER_AT.batch_crc + 4;

/** @param size bytes of a row without its trailer */
export function frame({ epoch, sequence, rows, places }: Unframed, size: number): Buffer {
  const count = rows.length / size;
  const stride = size + TRAILER_BYTES;
  const framed = Buffer.allocUnsafeSlow(count * stride);
  // Rows and trailers are multiples of 8 bytes and little-endian, as this machine is: 32-bit words are quicker than single members.
  const words = new Uint32Array(framed.buffer);
  const trailer = trailerOf(epoch, sequence, count);
  const [place, crc_at] = [TRAILER_AT.batch_row / 4, TRAILER_AT.batch_crc / 4];
  for (let row = 0; row < count; row++) {
    const at = row * stride;
    rows.copy(framed, at, row * size, row * size + size);
    const first = (at + size) / 4;
    for (let word = 0; word < trailer.length; word++) words[first + word] = trailer[word] ?? 0;
    words[first + place] = places?.[row] ?? row;
  }
  const crc = crc32(framed);
  for (let at = size / 4 + crc_at; at < words.length; at += stride / 4) words[at] = crc;
  return framed;
}

function trailerOf(epoch: string, sequence: number, rows: number): Uint32Array {
  const trailer = Buffer.allocUnsafeSlow(TRAILER_BYTES).fill(0);
  trailer.writeBigUInt64LE(BigInt(`0x${epoch}`), TRAILER_AT.epoch);
  trailer.writeBigUInt64LE(BigInt(sequence), TRAILER_AT.sequence);
  trailer.writeUInt32LE(rows, TRAILER_AT.batch_rows);
  return new Uint32Array(trailer.buffer);
}

/** The rows without their trailers, and their places. */
export function unframe(framed: Buffer, size: number): { rows: Buffer; places: Uint32Array } {
  const stride = size + TRAILER_BYTES;
  const count = framed.length / stride;
  const rows = Buffer.allocUnsafe(count * size);
  const places = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    framed.copy(rows, row * size, row * stride, row * stride + size);
    places[row] = framed.readUInt32LE(row * stride + size + TRAILER_AT.batch_row);
  }
  return { rows, places };
}

/** The batch that the trailer of the row at `at` names, without checking it; undefined where the bytes do not have a trailer's form. */
export function trailerAt(bytes: Buffer, at: number, size: number): Framed | undefined {
  const trailer = at + size;
  if (trailer + TRAILER_BYTES > bytes.length) return undefined;
  const sequence = Number(bytes.readBigUInt64LE(trailer + TRAILER_AT.sequence));
  const rows = bytes.readUInt32LE(trailer + TRAILER_AT.batch_rows);
  const pad = bytes.readUInt32LE(trailer + PAD_AT);
  if (rows === 0 || pad !== 0 || sequence < 1 || !Number.isSafeInteger(sequence)) return undefined;
  return { epoch: hex64(bytes.readBigUInt64LE(trailer + TRAILER_AT.epoch)), sequence, rows };
}

/** The batch that begins at `at`, if its bytes are as they were written. */
export function batchAt(bytes: Buffer, at: number, size: number): Framed | undefined {
  const stride = size + TRAILER_BYTES;
  const first = at + size;
  if (first + TRAILER_BYTES > bytes.length) return undefined;
  const end = at + bytes.readUInt32LE(first + TRAILER_AT.batch_rows) * stride;
  if (end === at || end > bytes.length) return undefined;
  // Where no batch begins, the trailers of the first row and of the last nearly always show it: the checksum is not needed.
  const last = end - TRAILER_BYTES;
  const crc = bytes.readUInt32LE(first + TRAILER_AT.batch_crc);
  if (bytes.readUInt32LE(first + PAD_AT) !== 0 || bytes.readUInt32LE(last + PAD_AT) !== 0) return undefined;
  if (bytes.readUInt32LE(last + TRAILER_AT.batch_crc) !== crc) return undefined;
  const framed = Buffer.from(bytes.subarray(at, end));
  for (let each = size + TRAILER_AT.batch_crc; each < framed.length; each += stride) {
    if (framed.readUInt32LE(each) !== crc) return undefined;
    framed.writeUInt32LE(0, each);
  }
  return crc32(framed) === crc ? trailerAt(bytes, at, size) : undefined;
}
