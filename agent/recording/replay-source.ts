// Rows from a recording in place of the kernel, as if they happened now: their times are moved to this run and their
// host is this one. Checks the whole file before it gives the first row, so that a replay does not fail half-way.
import { closeSync, openSync, readSync } from 'node:fs';
import { HEAD_AT, KINDS, type Kind, type KindCounters } from '../../bpf/rows.gen.ts';
import { eachKind } from '../account.ts';
import { RecordingError } from '../errors.ts';
import type { RowSource } from '../source.ts';
import { type Frame, type ReadAt, readFrame, readHeader } from './format.ts';

const NS_PER_MS = 1_000_000n;
/** Rows read ahead of their drain, over all kinds. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024;

export type ReplayOptions = {
  host_id: bigint;
  /** 2 plays twice as fast; 0 gives rows as fast as they are taken, dated so that the last one is of now */
  speed: number;
  loop: boolean;
};

/** @throws RecordingError when the file cannot be read or is not a sound recording of these rows */
export function openReplay(file: string, options: ReplayOptions): RowSource {
  const descriptor = open(file);
  try {
    return new ReplaySource(file, descriptor, options);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    throw new RecordingError('unreadable', `cannot read the recording ${file}: ${error instanceof Error ? error.message : error}`, error);
  }
}

class ReplaySource implements RowSource {
  readonly host_id: bigint;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #speed: number;
  readonly #loop: boolean;
  readonly #started_ns: bigint;
  readonly #frames_at: number;
  readonly #length_ms: number;
  readonly #pending: Record<Kind, Uint8Array[]> = eachKind(() => []);
  readonly #counters: Record<Kind, KindCounters> = eachKind(() => ({ written: 0, ring_lost: 0, no_storage: 0 }));
  #pending_bytes = 0;
  #next: { frame: Frame; next_at: number } | undefined;
  #number = 1;
  #round = 0;
  #began_ms = Date.now();

  constructor(file: string, descriptor: number, { host_id, speed, loop }: ReplayOptions) {
    this.host_id = host_id;
    this.#file = file;
    this.#descriptor = descriptor;
    this.#speed = speed;
    this.#loop = loop;
    const { header, frames_at } = readHeader(this.#read);
    this.#started_ns = BigInt(header.started_ns);
    this.#frames_at = frames_at;
    this.#length_ms = this.#check();
    this.#rewind();
  }

  drain(kind: Kind, into: Uint8Array): number {
    this.#readDue();
    const pending = this.#pending[kind];
    const room = Math.floor(into.length / KINDS[kind].size) * KINDS[kind].size;
    let length = 0;
    for (let rows = pending.shift(); rows !== undefined; rows = pending.shift()) {
      const part = rows.subarray(0, room - length);
      into.set(part, length);
      length += part.length;
      if (part.length < rows.length) pending.unshift(rows.subarray(part.length));
      if (length === room) break;
    }
    this.#pending_bytes -= length;
    return length;
  }

  /** The recorded sweeps come by themselves. */
  sweep(): void {}

  counters(): Record<Kind, KindCounters> {
    return eachKind((kind) => ({ ...this.#counters[kind] }));
  }

  hooks() {
    return [{ name: 'replay', attached: true, reason: this.#file }];
  }

  netns() {
    return [];
  }

  ended(): boolean {
    return this.#next === undefined && this.#pending_bytes === 0;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  readonly #read: ReadAt = (at, length) => {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(this.#descriptor, buffer, 0, length, at));
  };

  /** Reads every frame once; returns the offset of the last. */
  #check(): number {
    let last_ms = 0;
    let at = this.#frames_at;
    for (let number = 1; ; number++) {
      const found = readFrame(this.#read, at, number);
      if (found === undefined) return last_ms;
      last_ms = Math.max(last_ms, found.frame.offset_ms);
      at = found.next_at;
    }
  }

  #rewind(): void {
    this.#began_ms = Date.now();
    this.#number = 1;
    this.#next = readFrame(this.#read, this.#frames_at, 1);
  }

  #readDue(): void {
    while (this.#next !== undefined && this.#pending_bytes < PENDING_BYTES_MAX && this.#isDue(this.#next.frame)) {
      const { frame, next_at } = this.#next;
      this.#rewrite(frame);
      this.#pending[frame.kind].push(frame.rows);
      this.#pending_bytes += frame.rows.length;
      this.#counters[frame.kind].written += frame.rows.length / KINDS[frame.kind].size;
      this.#number++;
      this.#next = readFrame(this.#read, next_at, this.#number);
      if (this.#next === undefined && this.#loop) {
        this.#round++;
        this.#rewind();
      }
    }
  }

  #isDue({ offset_ms }: Frame): boolean {
    return this.#speed === 0 || Date.now() - this.#began_ms >= offset_ms / this.#speed;
  }

  #rewrite({ kind, rows }: Frame): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    // Each round's connections are others: their ids get the round in bits that socket cookies do not reach.
    const round = BigInt(this.#round & 0xffff) << 48n;
    for (let at = 0; at < rows.length; at += KINDS[kind].size) {
      view.setBigUint64(at + HEAD_AT.time_ns, this.#timeNow(view.getBigUint64(at + HEAD_AT.time_ns, true)), true);
      view.setBigUint64(at + HEAD_AT.host_id, this.host_id, true);
      view.setBigUint64(at + HEAD_AT.connection_id, view.getBigUint64(at + HEAD_AT.connection_id, true) ^ round, true);
    }
  }

  #timeNow(recorded_ns: bigint): bigint {
    const offset_ns = recorded_ns - this.#started_ns;
    if (this.#speed === 0) return BigInt(this.#began_ms - this.#length_ms) * NS_PER_MS + offset_ns;
    return BigInt(this.#began_ms) * NS_PER_MS + offset_ns / BigInt(this.#speed);
  }
}
