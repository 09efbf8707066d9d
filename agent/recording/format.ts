// The format of a recording. Little-endian, in this order:
//
//   "TCPLENSR"  version u16
//   then frames:  sort u8, layout u8, offset_ms u48, stored length u32, length u32, CRC-32 of the stored bytes u32,
//                 CRC-32 of these twenty bytes u32, stored bytes
//
// Stored bytes are `length` bytes in zstd. The first frame is the header, the last the end, both JSON; between them are
// rows, laid out as the header's layout of that number says, and names, JSON. A frame of a sort that a reader does not
// know is one of a later version: it can be skipped. The head has a checksum of its own, so that a file that was cut
// short can be told from one that was damaged.
//
// A recording of one host, version 2, does not name it: its rows have no host id. One of several hosts, version 3, is the same, but its header
// lists them, rows keep their host ids, and names say whose they are. It is one stream and not a recording for each host, since whoever reads
// it wants the rows of all of them in the order of their times, and a collector that sends it has them in that order. Both versions are read
// by the same code; the number only keeps an earlier tcplens, which would take all for one host's, from reading the second. Where the rows are
// those of an investigation, a frame says what was asked and what else its verdict rests on.
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Static, Type } from 'typebox';
import { COUNTERS, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { CgroupEntity, NetnsEntity, ProcessEntity } from '../contract/agent-report.ts';
import { RecordingError } from '../process/errors.ts';

const MAGIC = 'TCPLENSR';
const VERSIONS = { one_host: 2, hosts: 3 } as const;
export const PREFIX_BYTES = 10;
export const FRAME_HEAD_BYTES = 24;
/** The most bytes in a frame: eight batches. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;
const STORED_BYTES_MAX = FRAME_BYTES_MAX + 64 * 1024;

export const SORT = { header: 1, rows: 2, names: 3, end: 4, investigation: 5 } as const;
/** More hosts than a collector has agents. */
const HOSTS_MAX = 100_000;

const Text = Type.String({ maxLength: 512 });
const Count = Type.Integer({ minimum: 0 });
const Lacking = (description: string) => Type.Array(Type.Object({ name: Text, reason: Text }), { maxItems: 256, description });

/** 16 hex digits. */
const HostId = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const RecordedHost = Type.Object({ host_id: HostId, name: Text });
export type RecordedHost = Static<typeof RecordedHost>;

/** What made the recording, and the layouts of its rows. Of one host, it does not name the machine. */
export const RecordingHeader = Type.Object({
  tcplens: Type.String({ maxLength: 64, description: 'version that made it' }),
  kernel: Type.String({ maxLength: 64, description: 'major and minor version; empty: of several hosts' }),
  started_ns: Type.String({ pattern: '^[0-9]{1,19}$', description: 'since the epoch; offset_ms of frames counts from it' }),
  interval_ms: Type.Integer({ minimum: 0, description: 'between two sweeps over the live sockets' }),
  anonymized: Type.Boolean({ description: 'addresses are not the real ones, and there are no names' }),
  filters: Type.Optional(
    Type.Array(Type.String({ maxLength: 16_384 }), { maxItems: 64, description: 'its rows are those that each of these is true of' }),
  ),
  hosts: Type.Optional(Type.Array(RecordedHost, { maxItems: HOSTS_MAX, description: 'of which it has rows, with their host ids' })),
  refused: Lacking('hooks that could not be attached'),
  absent: Lacking('fields that the kernel does not tell'),
  layouts: Type.Array(Type.Unknown(), { maxItems: 255, description: 'each a Layout of bpf/rows/layout.ts' }),
});
export type RecordingHeader = Static<typeof RecordingHeader>;

/** Names for the numbers in rows. */
export const RecordedNames = Type.Object({
  host_id: Type.Optional({ ...HostId, description: 'whose they are, in a recording of several hosts' }),
  processes: Type.Array(ProcessEntity),
  cgroups: Type.Array(CgroupEntity),
  netns: Type.Array(NetnsEntity),
});
export type RecordedNames = Static<typeof RecordedNames>;

/** `told` is of whoever made it: what a collector says of the investigation, or the command that looked at one host. */
export const RecordedInvestigation = Type.Object({
  by: Type.Unsafe<'collector' | 'host'>({ type: 'string', enum: ['collector', 'host'] }),
  told: Type.Unknown(),
});
export type RecordedInvestigation = Static<typeof RecordedInvestigation>;

/** By kind: the number of `rows` in the file, and the kernel's counters at the end, by the names of COUNTERS. */
export const RecordingEnd = Type.Object({
  length_ms: Count,
  kinds: Type.Record(Type.String({ maxLength: 64 }), Type.Record(Type.String({ maxLength: 64 }), Count)),
});
export type RecordingEnd = Static<typeof RecordingEnd>;

/** The kernel's counters in an end; undefined where the recorder did not know them. */
export function countersOf({ kinds }: RecordingEnd): Record<Kind, KindCounters> | undefined {
  const known = Object.values(kinds).some((counts) => COUNTERS.some((name) => name in counts));
  if (!known) return undefined;
  return eachKind((kind) => Object.fromEntries(COUNTERS.map((name) => [name, kinds[kind]?.[name] ?? 0])) as KindCounters);
}

export type Frame = { sort: number; layout: number; offset_ms: number; bytes: Uint8Array };

/** @param has_hosts whether the header lists hosts */
export function encodePrefix(has_hosts = false): Uint8Array {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt16LE(has_hosts ? VERSIONS.hosts : VERSIONS.one_host, 8);
  return prefix;
}

/** @throws RecordingError `too_large` for what no reader would take */
export function encodeFrame({ sort, layout, offset_ms, bytes }: Frame): Uint8Array {
  if (bytes.length > FRAME_BYTES_MAX)
    throw new RecordingError('too_large', `a frame of ${bytes.length} bytes is too large: write less in one`);
  const stored = zstdCompressSync(bytes);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt8(sort, 0);
  head.writeUInt8(layout, 1);
  head.writeUIntLE(offset_ms, 2, 6);
  head.writeUInt32LE(stored.length, 8);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(crc32(stored), 16);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return Buffer.concat([head, stored]);
}

/** A frame whose content is JSON. */
export function encodeJson(
  sort: number,
  offset_ms: number,
  value: RecordingHeader | RecordedNames | RecordedInvestigation | RecordingEnd,
): Uint8Array {
  return encodeFrame({ sort, layout: 0, offset_ms, bytes: Buffer.from(JSON.stringify(value)) });
}

/** Reads `length` bytes of the file at offset `at`; fewer only at its end. */
export type ReadAt = (at: number, length: number) => Buffer;

/**
 * Returns whether the header lists hosts.
 * @throws RecordingError when the file does not begin as a recording that this version can read
 */
export function checkPrefix(read: ReadAt): boolean {
  const prefix = read(0, PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES || prefix.toString('latin1', 0, 8) !== MAGIC)
    throw new RecordingError('not_a_recording', 'this file is no recording: make one with "tcplens record FILE"');
  const version = prefix.readUInt16LE(8);
  const known: number[] = Object.values(VERSIONS);
  if (known.includes(version)) return version === VERSIONS.hosts;
  const remedy = version > Math.max(...known) ? 'use a newer tcplens' : 'record anew';
  throw new RecordingError('unknown_version', `the recording has format ${version}, this tcplens reads ${known.join(' and ')}: ${remedy}`);
}

export function damaged(at: number, how: string): RecordingError {
  const remedy = at > PREFIX_BYTES ? `what comes before is sound, "truncate -s ${at} FILE" on a copy keeps that` : 'record anew';
  return new RecordingError('damaged', `the recording is damaged at byte ${at}, ${how}: ${remedy}`);
}

/**
 * Reads the frame at `at`.
 * @returns `cut` where the file ends within the frame, undefined where it ends before
 * @throws RecordingError when a checksum is wrong
 */
export function readFrame(read: ReadAt, at: number): { frame: Frame; next_at: number } | 'cut' | undefined {
  const head = read(at, FRAME_HEAD_BYTES);
  if (head.length === 0) return undefined;
  if (head.length < FRAME_HEAD_BYTES) return 'cut';
  if (crc32(head.subarray(0, 20)) !== head.readUInt32LE(20)) throw damaged(at, "a frame's head has another checksum");
  const [stored_length, length] = [head.readUInt32LE(8), head.readUInt32LE(12)];
  if (stored_length > STORED_BYTES_MAX || length > FRAME_BYTES_MAX) throw damaged(at, `a frame says it holds ${length} bytes`);
  const stored = read(at + FRAME_HEAD_BYTES, stored_length);
  if (stored.length < stored_length) return 'cut';
  if (crc32(stored) !== head.readUInt32LE(16)) throw damaged(at, "a frame's bytes have another checksum");
  const bytes = decompress(stored, length);
  if (bytes?.length !== length) throw damaged(at, `a frame does not unpack to ${length} bytes`);
  const frame = { sort: head.readUInt8(0), layout: head.readUInt8(1), offset_ms: head.readUIntLE(2, 6), bytes };
  return { frame, next_at: at + FRAME_HEAD_BYTES + stored_length };
}

function decompress(stored: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return zstdDecompressSync(stored, { maxOutputLength: Math.max(length, 1) });
  } catch {
    return undefined;
  }
}
