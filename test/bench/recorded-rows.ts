// The committed recordings as a fleet would send them: every copy of a row in its own time, of its own host, connection, process
// and port. Everything else stays what a kernel once wrote.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { BATCH_BYTES_MAX, HEADERS } from '../../agent/contract/batch-envelope.ts';
import { Recording } from '../../agent/recording/read.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { root } from '../support/project-files.ts';

const DIRECTORY = join(root, 'test', 'recordings');
/** Ports from here on are a client's own. */
const EPHEMERAL = { first: 32_768, count: 28_000 } as const;
const PIDS = { count: 4000, apart: 16 } as const;
/** A listener's cookie is one of these, too. */
const LISTENER_AT = KINDS.connection.columns.find(({ name }) => name === 'listener_id')?.offset ?? 0;

export type Frame = { kind: Kind; rows: Buffer };
/** One recording: when its first row happened, ns since the epoch, and how long after it the last, ms. */
export type Recorded = { name: string; first_ns: bigint; span_ms: number; frames: readonly Frame[]; rows: number };

/** Where and when a copy is to have happened. `copy` tells copies on one host apart. */
export type Place = { host_id: bigint; start_ns: bigint; copy: number };

export function readRecordings(): Recorded[] {
  const files = readdirSync(DIRECTORY).filter((name) => name.endsWith('.tcplens'));
  return files.sort().map((name) => {
    const recording = new Recording(join(DIRECTORY, name));
    const parts = [...recording.parts()].filter((part) => part.sort === 'rows');
    recording.close();
    const frames = parts.map(({ kind, rows }) => ({ kind, rows: Buffer.from(rows) }));
    const times = frames.flatMap(({ kind, rows }) => [...rowStarts(kind, rows)].map((at) => rows.readBigUInt64LE(at + HEAD_AT.time_ns)));
    times.sort((one, other) => Number(one - other));
    const [first_ns = 0n, last_ns = 0n] = [times.at(0), times.at(-1)];
    return { name, first_ns, span_ms: Math.ceil(Number(last_ns - first_ns) / 1e6), frames, rows: times.length };
  });
}

function* rowStarts(kind: Kind, rows: Buffer): Generator<number> {
  for (let at = 0; at < rows.length; at += KINDS[kind].size) yield at;
}

/** A frame's rows as if they had happened at `place`. */
export function placed({ kind, rows }: Frame, { first_ns }: Recorded, { host_id, start_ns, copy }: Place): Buffer {
  const moved = Buffer.from(rows);
  const later_ns = start_ns - first_ns;
  const another = BigInt(copy + 1) << 32n;
  const moveId = (at: number) => {
    const id = moved.readBigUInt64LE(at);
    if (id !== 0n) moved.writeBigUInt64LE(id + another, at);
  };
  for (const at of rowStarts(kind, moved)) {
    moved.writeBigUInt64LE(moved.readBigUInt64LE(at + HEAD_AT.time_ns) + later_ns, at + HEAD_AT.time_ns);
    moved.writeBigUInt64LE(host_id, at + HEAD_AT.host_id);
    moveId(at + HEAD_AT.connection_id);
    if (kind === 'connection') moveId(at + LISTENER_AT);
    for (const port_at of [HEAD_AT.local_port, HEAD_AT.peer_port]) movePort(moved, at + port_at, copy);
    const pid = moved.readUInt32LE(at + HEAD_AT.pid);
    if (pid !== 0) moved.writeUInt32LE(pid + (copy % PIDS.count) * PIDS.apart, at + HEAD_AT.pid);
  }
  return moved;
}

function movePort(rows: Buffer, at: number, copy: number): void {
  const port = rows.readUInt16LE(at);
  if (port >= EPHEMERAL.first) rows.writeUInt16LE(EPHEMERAL.first + ((port - EPHEMERAL.first + copy * 7919) % EPHEMERAL.count), at);
}

/** One request, ready to be sent. `bytes` are those of its rows before compression. */
export type Batch = { kind: Kind; rows: number; bytes: number; headers: Record<string, string>; body: Buffer };

/** Cuts one agent's rows as an agent does: by kind, numbered, compressed. */
export class Cutter {
  readonly #host_id: string;
  readonly #epoch: string;
  #sequence = 0;

  constructor(host_id: bigint, epoch: bigint) {
    this.#host_id = host_id.toString(16).padStart(16, '0');
    this.#epoch = epoch.toString(16).padStart(16, '0');
  }

  cut(frames: Iterable<Frame>): Batch[] {
    const byKind = Map.groupBy(frames, ({ kind }) => kind);
    return KIND.flatMap((kind) => {
      const rows = Buffer.concat((byKind.get(kind) ?? []).map((frame) => frame.rows));
      const most = Math.floor(BATCH_BYTES_MAX / KINDS[kind].size) * KINDS[kind].size;
      const starts = Array.from({ length: Math.ceil(rows.length / most) }, (_, index) => index * most);
      return starts.map((at) => this.#batch(kind, rows.subarray(at, at + most)));
    });
  }

  #batch(kind: Kind, rows: Buffer): Batch {
    const body = zstdCompressSync(rows, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    const headers = {
      'content-type': 'application/octet-stream',
      [HEADERS.schema]: KINDS[kind].schema,
      [HEADERS.hostId]: this.#host_id,
      [HEADERS.epoch]: this.#epoch,
      [HEADERS.sequence]: String(++this.#sequence),
    };
    return { kind, rows: rows.length / KINDS[kind].size, bytes: rows.length, headers, body };
  }
}

/** An id that is no host's of the recordings. */
export const hostOf = (index: number): bigint => 0x00be_0000_0000_0000n + BigInt(index) * 0x0000_0001_0000_8c1fn;

export const rowsOf = (batches: readonly { rows: number }[]): number => batches.reduce((sum, { rows }) => sum + rows, 0);
