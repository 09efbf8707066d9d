// The format of one batch in a segment file: a header with a checksum of itself and one of the payload, then the payload. So a damaged
// payload costs one batch, and its number of rows is still known; after a damaged header the next one can be found.
import { crc32 } from 'node:zlib';
import { BATCH_BYTES_MAX } from '../contract/batch-envelope.ts';
import { hex64 } from '../contract/hex64.ts';

/** A batch without its payload. Host and epoch are 16 hex digits; kind and schema may be an earlier version's. */
export type BatchHead = {
  host_id: string;
  epoch: string;
  kind: string;
  schema: string;
  sequence: number;
  rows: number;
  cut_at_ms: number;
};

/** `payload`: the rows in one zstd frame, as they are sent. */
export type Batch = BatchHead & { payload: Uint8Array };

/** A record's place in its file: from `at` to `at + length`, the end of its payload. */
export type RecordPlace = { at: number; length: number; head: BatchHead; payload_length: number; payload_crc: number };

const MAGIC = 0x70736374;
const VERSION = 1;
/** flags: the payload is a zstd frame */
const ZSTD = 1;
const FIXED_BYTES = 56;
export const HEADER_BYTES_MAX = FIXED_BYTES + 2 * 255;
/** A full batch that does not compress, with zstd's overhead and some room. */
const PAYLOAD_BYTES_MAX = BATCH_BYTES_MAX + 64 * 1024;
export const MAGIC_BYTES = Buffer.from([0x74, 0x63, 0x73, 0x70]);

/** Header and payload apart, so that the payload is not copied. */
export function encodeRecord({ host_id, epoch, kind, schema, sequence, rows, cut_at_ms, payload }: Batch): [Buffer, Uint8Array] {
  const names = Buffer.from(kind + schema, 'latin1');
  const header = Buffer.alloc(FIXED_BYTES + names.length);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(payload.length, 8);
  header.writeUInt32LE(crc32(payload), 12);
  header.writeBigUInt64LE(BigInt(`0x${host_id}`), 16);
  header.writeBigUInt64LE(BigInt(`0x${epoch}`), 24);
  header.writeBigUInt64LE(BigInt(sequence), 32);
  header.writeBigUInt64LE(BigInt(Math.max(0, Math.round(cut_at_ms))), 40);
  header.writeUInt32LE(rows, 48);
  header.writeUInt8(ZSTD, 52);
  header.writeUInt8(VERSION, 53);
  header.writeUInt8(kind.length, 54);
  header.writeUInt8(schema.length, 55);
  names.copy(header, FIXED_BYTES);
  header.writeUInt32LE(crc32(header.subarray(8)), 4);
  return [header, payload];
}

/**
 * The record whose header begins at `offset` of `bytes`; undefined where there is no whole and sound header.
 * @param at - the offset in the file that `offset` corresponds to
 */
export function parseHeader(bytes: Buffer, offset: number, at: number): RecordPlace | undefined {
  if (offset + FIXED_BYTES > bytes.length || bytes.readUInt32LE(offset) !== MAGIC) return undefined;
  const kind_length = bytes.readUInt8(offset + 54);
  const schema_at = offset + FIXED_BYTES + kind_length;
  const end = schema_at + bytes.readUInt8(offset + 55);
  if (end > bytes.length || crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)) return undefined;
  const payload_length = bytes.readUInt32LE(offset + 8);
  if (bytes.readUInt8(offset + 53) !== VERSION || bytes.readUInt8(offset + 52) !== ZSTD || payload_length > PAYLOAD_BYTES_MAX)
    return undefined;
  return {
    at,
    length: end - offset + payload_length,
    payload_length,
    payload_crc: bytes.readUInt32LE(offset + 12),
    head: {
      host_id: hex64(bytes.readBigUInt64LE(offset + 16)),
      epoch: hex64(bytes.readBigUInt64LE(offset + 24)),
      kind: bytes.toString('latin1', offset + FIXED_BYTES, schema_at),
      schema: bytes.toString('latin1', schema_at, end),
      sequence: Number(bytes.readBigUInt64LE(offset + 32)),
      rows: bytes.readUInt32LE(offset + 48),
      cut_at_ms: Number(bytes.readBigUInt64LE(offset + 40)),
    },
  };
}

export function isIntact({ payload_length, payload_crc }: RecordPlace, payload: Uint8Array): boolean {
  return payload.length === payload_length && crc32(payload) === payload_crc;
}
