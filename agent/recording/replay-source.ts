// A recording as a source of rows, as if they happened now: their times are moved to this run, and their host is the recording or, where that
// names its hosts, the one of them that is replayed. The whole file is read once before the first row is given, so that a damaged one is refused
// at the start.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { COUNTERS, KINDS, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import { eachKind, noneCounted } from '../accounts/ledger.ts';
import type { NetnsEntity } from '../contract/agent-report.ts';
import { hex64 } from '../contract/hex64.ts';
import { RecordingError } from '../process/errors.ts';
import type { Hook, NetnsRefusal, RowSource } from '../source/row-source.ts';
import { type Contents, readContents } from './contents.ts';
import type { RecordingHeader } from './format.ts';
import { moveRows, rowsOfHost } from './move-rows.ts';
import { Recording, type RowsPart } from './read.ts';
import type { ReplayedNames } from './replayed-names.ts';

const NS_PER_MS = 1_000_000n;
/** Most bytes of rows, of all kinds, that are read before they are drained. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024;
const HOSTS_SAID = 10;

export type ReplayOptions = {
  /**
   * The host id in rows; undefined: one made from the recording. Of a recording of several hosts: which of them is replayed, under its own id;
   * undefined: all, and rows keep their ids.
   */
  host_id?: bigint | undefined;
  /** when it begins, so that the hosts of one recording begin together; undefined: now */
  began_ms?: number | undefined;
  /** 2: twice as fast; 0: as fast as rows are drained, with times of which the last is now */
  speed: number;
  loop: boolean;
};

/** @throws RecordingError when the file cannot be read or is damaged; what this version does not know is in `notices` */
export function openReplay(file: string, options: ReplayOptions): ReplaySource {
  const recording = new Recording(file);
  try {
    return new ReplaySource(recording, options);
  } catch (error) {
    recording.close();
    throw error;
  }
}

/** The name of one of a recording's hosts. @throws RecordingError `no_such_host` */
function nameIn({ hosts = [] }: RecordingHeader, host_id: bigint): string {
  const found = hosts.find((host) => BigInt(`0x${host.host_id}`) === host_id);
  if (found) return found.name;
  const some = hosts.slice(0, HOSTS_SAID).map((host) => `${host.host_id} (${host.name})`);
  throw new RecordingError('no_such_host', `the recording has no rows of host ${hex64(host_id)}: it has ${some.join(', ') || 'none'}`);
}

/** A host id that is the same in every replay of a recording, and is no real host's. */
function hostIdOf(header: RecordingHeader): bigint {
  return createHash('sha256').update('tcplens recording').update(JSON.stringify(header)).digest().readBigUInt64BE(0);
}

export class ReplaySource implements RowSource {
  readonly host_id: bigint;
  readonly host: RowSource['host'];
  readonly notices: readonly string[];
  readonly waits = true;
  /** the names in the recording, in place of those that an agent looks up on its host */
  readonly names: ReplayedNames;
  readonly #recording: Recording;
  readonly #contents: Contents;
  readonly #speed: number;
  readonly #loop: boolean;
  /** of a recording of several hosts, the only one whose rows are given; undefined: all */
  readonly #of: bigint | undefined;
  readonly #started_ns: bigint;
  readonly #counters: Record<Kind, KindCounters> = eachKind(noneCounted);
  readonly #pending: Record<Kind, Uint8Array[]> = eachKind(() => []);
  #pending_bytes = 0;
  #rows: Iterator<RowsPart, void> = [][Symbol.iterator]();
  #next: RowsPart | undefined;
  #round = 0;
  #began_ms = 0;

  constructor(recording: Recording, { host_id, speed, loop, began_ms = Date.now() }: ReplayOptions) {
    const { header, file } = recording;
    this.#of = header.hosts && host_id;
    this.#contents = readContents(recording, this.#of);
    const { names, notices } = this.#contents;
    this.host_id = host_id ?? hostIdOf(header);
    const name = this.#of === undefined ? `recording ${basename(file, '.tcplens')}` : nameIn(header, this.#of);
    this.host = { name, kernel: header.kernel };
    this.notices = notices;
    this.names = names;
    this.#recording = recording;
    this.#speed = speed;
    this.#loop = loop;
    this.#started_ns = BigInt(header.started_ns);
    this.#rewind(began_ms);
    names.moveBy(Number((this.#timeNow(this.#started_ns) - this.#started_ns) / NS_PER_MS));
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

  /** Does nothing: rows of sweeps come as they were recorded. */
  sweep(): void {}

  /** Rows of sweeps are not given in slices. */
  sweeping(): boolean {
    return false;
  }

  counters(): Record<Kind, KindCounters> {
    return eachKind((kind) => ({ ...this.#counters[kind] }));
  }

  /** The hooks that the kernel refused while it was recorded are refused here: their rows are missing. */
  hooks(): readonly Hook[] {
    const refused = this.#recording.header.refused.map((hook) => ({ ...hook, attached: false }));
    return [{ name: 'replay', attached: true, reason: this.#recording.file }, ...refused];
  }

  fields(): readonly Hook[] {
    return this.#recording.header.absent.map((field) => ({ ...field, attached: false }));
  }

  netns(): readonly NetnsEntity[] {
    return this.#contents.names.netns();
  }

  /** A replay enters no namespace. */
  netns_refused(): readonly NetnsRefusal[] {
    return [];
  }

  /** A replay hooks nothing. Events that the recorder missed are in its counters. */
  misses(): ReadonlyMap<string, number> {
    return new Map();
  }

  /** Calls back at once: rows come due as time passes, and nothing could wake the caller then. */
  onceRows(callback: () => void): void {
    callback();
  }

  ended(): boolean {
    return this.#next === undefined && this.#pending_bytes === 0;
  }

  close(): void {
    this.#recording.close();
  }

  #rewind(began_ms: number): void {
    this.#began_ms = began_ms;
    const { rows } = this.#contents;
    this.#rows = rows === undefined ? this.#read() : copy(rows);
    this.#next = this.#rows.next().value ?? undefined;
  }

  #readDue(): void {
    while (this.#next !== undefined && this.#pending_bytes < PENDING_BYTES_MAX && this.#isDue(this.#next)) {
      const { kind, rows } = this.#next;
      moveRows(kind, rows, {
        host_id: this.#recording.header.hosts ? undefined : this.host_id,
        round: this.#round,
        timeNow: (recorded_ns) => this.#timeNow(recorded_ns),
      });
      this.#pending[kind].push(rows);
      this.#pending_bytes += rows.length;
      this.#counters[kind].written += rows.length / KINDS[kind].size;
      this.#next = this.#rows.next().value ?? undefined;
      if (this.#next === undefined) this.#endRound();
    }
  }

  #endRound(): void {
    for (const [kind, counters] of Object.entries(this.#contents.counters ?? {}))
      for (const name of COUNTERS) if (name !== 'written') this.#counters[kind as Kind][name] += counters[name];
    if (!this.#loop) return;
    this.#round++;
    this.#rewind(Date.now());
  }

  *#read(): Generator<RowsPart, void> {
    for (const part of this.#recording.parts())
      if (part.sort === 'rows') yield { ...part, rows: rowsOfHost(part.kind, part.rows, this.#of) };
  }

  #isDue({ offset_ms }: RowsPart): boolean {
    return this.#speed === 0 || Date.now() - this.#began_ms >= offset_ms / this.#speed;
  }

  #timeNow(recorded_ns: bigint): bigint {
    const offset_ns = recorded_ns - this.#started_ns;
    if (this.#speed === 0) return BigInt(this.#began_ms - this.#contents.length_ms) * NS_PER_MS + offset_ns;
    return BigInt(this.#began_ms) * NS_PER_MS + offset_ns / BigInt(this.#speed);
  }
}

/** A copy for each round, since rows are changed in place. */
function* copy(parts: readonly RowsPart[]): Generator<RowsPart, void> {
  for (const part of parts) yield { ...part, rows: new Uint8Array(part.rows) };
}
