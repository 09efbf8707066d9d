// The format of a recording: the stream of rows with the time each piece was drained. Little-endian, in this order:
//
//   "TCPLENSR"  version u16  header length u32  header JSON
//   then frames:  kind u8, 0 u8, 0 u16, stored length u32, rows' length u32, CRC-32 of the rows u32, offset_ms u32, stored bytes
//
// Stored bytes are the rows in zstd. Rows are those of rows.h: a recording can be read only where their layout is the same.
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { KIND, KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { eachKind } from '../account.ts';
import { BATCH_BYTES_MAX } from '../batch-envelope.ts';
import { RecordingError } from '../errors.ts';

const MAGIC = 'TCPLENSR';
const VERSION = 1;
const PREFIX_BYTES = 14;
const HEADER_BYTES_MAX = 64 * 1024;
export const FRAME_HEAD_BYTES = 20;
const STORED_BYTES_MAX = BATCH_BYTES_MAX + 64 * 1024;

export type RecordingHeader = {
  /** schema id by kind: a recording of another layout is refused */
  schemas: Record<Kind, string>;
  host_id: string;
  kernel: string;
  /** ns since the epoch */
  started_ns: string;
};

export type Frame = { kind: Kind; offset_ms: number; rows: Uint8Array };
export type FrameHead = { kind: Kind; offset_ms: number; stored: number; length: number; crc: number };

export function encodeHeader(host_id: bigint, kernel: string, started_ns: bigint): Uint8Array {
  const header: RecordingHeader = {
    schemas: eachKind((kind) => KINDS[kind].schema),
    host_id: host_id.toString(16).padStart(16, '0'),
    kernel,
    started_ns: String(started_ns),
  };
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt16LE(VERSION, 8);
  prefix.writeUInt32LE(json.length, 10);
  return Buffer.concat([prefix, json]);
}

export function encodeFrame({ kind, offset_ms, rows }: Frame): Uint8Array {
  const stored = zstdCompressSync(rows);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt8(KINDS[kind].index, 0);
  head.writeUInt32LE(stored.length, 4);
  head.writeUInt32LE(rows.length, 8);
  head.writeUInt32LE(crc32(rows), 12);
  head.writeUInt32LE(offset_ms, 16);
  return Buffer.concat([head, stored]);
}

/** Reads `length` bytes of the file at `at`; fewer at its end. */
export type ReadAt = (at: number, length: number) => Buffer;

/**
 * Reads and checks the header.
 * @returns it and where the first frame begins
 * @throws RecordingError
 */
export function readHeader(read: ReadAt): { header: RecordingHeader; frames_at: number } {
  const prefix = read(0, PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES || prefix.toString('latin1', 0, 8) !== MAGIC) {
    throw new RecordingError('not_a_recording', 'this file is no recording: make one with "tcplens record FILE"');
  }
  const version = prefix.readUInt16LE(8);
  if (version !== VERSION)
    throw new RecordingError(
      'unknown_version',
      `the recording has version ${version}, this tcplens reads ${VERSION}: use the tcplens that made it`,
    );
  const length = prefix.readUInt32LE(10);
  if (length > HEADER_BYTES_MAX)
    throw new RecordingError('damaged', `the recording's header says it has ${length} bytes: the file is damaged`);
  const json = read(PREFIX_BYTES, length);
  const header = parseHeader(json.length === length ? json.toString() : '');
  for (const kind of KIND) {
    const found = header.schemas[kind];
    if (found !== KINDS[kind].schema) {
      throw new RecordingError(
        'other_schema',
        `the recording's ${kind} rows are laid out as ${found}, this tcplens knows ${KINDS[kind].schema}: record anew`,
      );
    }
  }
  return { header, frames_at: PREFIX_BYTES + length };
}

function parseHeader(json: string): RecordingHeader {
  try {
    const header = JSON.parse(json) as RecordingHeader;
    BigInt(header.started_ns);
    if (typeof header.schemas === 'object' && header.schemas !== null) return header;
  } catch {
    // told below
  }
  throw new RecordingError('damaged', "the recording's header is not readable: the file is damaged");
}

/**
 * Reads the frame at `at`, the `number`th of the file (from 1).
 * @returns undefined at the end of the file
 * @throws RecordingError naming the frame when it is cut short or its bytes are not those that were recorded
 */
export function readFrame(read: ReadAt, at: number, number: number): { frame: Frame; next_at: number } | undefined {
  const damaged = (how: string) =>
    new RecordingError('damaged', `frame ${number} at byte ${at} ${how}: the recording is damaged from there on`);
  const head = read(at, FRAME_HEAD_BYTES);
  if (head.length === 0) return undefined;
  if (head.length < FRAME_HEAD_BYTES) throw damaged('is cut short');
  const kind = KIND[head.readUInt8(0)];
  const stored = head.readUInt32LE(4);
  const length = head.readUInt32LE(8);
  if (kind === undefined) throw damaged(`is of unknown kind ${head.readUInt8(0)}`);
  if (stored > STORED_BYTES_MAX || length > BATCH_BYTES_MAX || length % KINDS[kind].size !== 0)
    throw damaged(`says it holds ${length} bytes of ${kind} rows in ${stored}`);
  const bytes = read(at + FRAME_HEAD_BYTES, stored);
  if (bytes.length < stored) throw damaged('is cut short');
  const rows = decompress(bytes, length);
  if (rows === undefined || rows.length !== length || crc32(rows) !== head.readUInt32LE(12))
    throw damaged('does not have the checksum it was written with');
  return { frame: { kind, offset_ms: head.readUInt32LE(16), rows }, next_at: at + FRAME_HEAD_BYTES + stored };
}

function decompress(bytes: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: Math.max(length, 1) });
  } catch {
    return undefined;
  }
}
