// All segments of the log: for each kind and lane one that is open, and the sealed ones that wait for the store. Batches that were appended
// count once they are committed; `clear` cuts off what a failure has left uncommitted.
import { dirname } from 'node:path';
import type { Disk } from '../../agent/durable/disk.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BATCH_COST_BYTES, type BatchSpan, type BatchSpans } from './batch-spans.ts';
import type { PackedSegment, SegmentState } from './journal-record.ts';
import { eachLane, LANES, type Lane } from './lane.ts';
import { type Addition, OpenSegment } from './segment.ts';
import { originOf, segmentPath } from './segment-name.ts';

/** A file of rows of one kind in this version's layout, each with its trailer. `batches` is unpacked each time that it is read. */
export type SealedSegment = Omit<SegmentState, 'kind'> & {
  kind: Kind;
  lane: Lane;
  path: string;
  /** performance.now() when it was sealed, or found by this start. */
  since_ms: number;
  oldest_ns?: number;
  readonly batches: readonly BatchSpan[];
};
/** `oldest_ns`: none of its rows is older, as far as somebody has looked. */
export type KnownSegment = Omit<SegmentState, 'kind'> & { kind: Kind; spans: BatchSpans; oldest_ns?: number };

export class Segments {
  readonly #disk: Disk;
  readonly #directory: string;
  /** The name of this start, which is new each time: so no segment's name is ever used twice. */
  readonly #run: string;
  #count = 0;
  readonly #open = eachLane(() => new Map<Kind, OpenSegment>());
  readonly #uncommitted = new Set<OpenSegment>();
  readonly #sealed = new Map<string, { segment: SealedSegment; spans: BatchSpans }>();
  readonly #sealedBytes = eachLane(() => 0);
  /** Folders of removed files. Until they are flushed, a power cut can bring those files back. */
  readonly #unlinkedIn = new Set<string>();

  constructor(disk: Disk, directory: string, run: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#run = run;
  }

  /** Bytes that count against the log's limit: of rows, and BATCH_COST_BYTES for each batch. */
  get bytes(): number {
    return LANES.reduce((sum, lane) => sum + this.bytesOf(lane), 0);
  }

  bytesOf(lane: Lane): number {
    return [...this.#open[lane].values()].reduce((sum, { length, batches }) => sum + costOf(length, batches), this.#sealedBytes[lane]);
  }

  rowsOf(lane: Lane): number {
    const sealed = this.sealed.filter((segment) => segment.lane === lane).map(({ length, row_bytes }) => length / row_bytes);
    const open = Array.from(this.#open[lane].values(), ({ length, kind }) => length / segmentRowBytes(kind));
    return [...sealed, ...open].reduce((sum, rows) => sum + rows, 0);
  }

  /** In the order in which they were sealed. */
  get sealed(): SealedSegment[] {
    return Array.from(this.#sealed.values(), ({ segment }) => segment);
  }

  get sealedCount(): number {
    return this.#sealed.size;
  }

  /** How long the one that was sealed first has waited. */
  get behind_s(): number {
    const [first] = this.#sealed.values();
    return first ? (performance.now() - first.segment.since_ms) / 1000 : 0;
  }

  /** The names that the sealed segments had before they were halved. */
  get origins(): Set<string> {
    return new Set(Array.from(this.#sealed.keys(), originOf));
  }

  get(name: string): { segment: SealedSegment; spans: BatchSpans } | undefined {
    return this.#sealed.get(name);
  }

  addSealed({ spans, ...state }: KnownSegment, lane: Lane): void {
    const segment: SealedSegment = {
      ...state,
      lane,
      path: segmentPath(this.#directory, state),
      since_ms: performance.now(),
      get batches() {
        return spans.list();
      },
    };
    this.#sealed.set(state.segment, { segment, spans });
    this.#sealedBytes[lane] += costOf(state.length, spans.count);
  }

  /** Writes and flushes batches. Returns each with the state of its segment after it. They are not committed yet. */
  async append<Batch extends Addition>(kind: Kind, lane: Lane, batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const segment = this.#open[lane].get(kind) ?? (await this.#create(kind, lane));
    this.#uncommitted.add(segment);
    return segment.append(batches);
  }

  /** Notes that the journal has all that was appended. */
  commit(): void {
    for (const segment of this.#uncommitted) segment.commit();
    this.#uncommitted.clear();
  }

  /** Cuts off what was appended and not committed, and seals the segments that had such bytes: the next batches go into others. */
  async clear(): Promise<void> {
    for (const segment of this.#uncommitted) {
      await this.#seal(segment);
      this.#uncommitted.delete(segment);
    }
  }

  /** Seals the lane's open segments that hold `bytesMin` bytes or are `age_ms` old. */
  async seal(lane: Lane, bytesMin: number, age_ms: number): Promise<void> {
    const before_ms = performance.now() - age_ms;
    for (const segment of this.#open[lane].values()) {
      if (segment.length > 0 && (segment.length >= bytesMin || segment.since_ms <= before_ms)) await this.#seal(segment);
    }
  }

  /** Removes a sealed segment and its file. */
  async remove(name: string): Promise<void> {
    const sealed = this.#sealed.get(name);
    if (!sealed) return;
    this.#sealed.delete(name);
    this.#sealedBytes[sealed.segment.lane] -= costOf(sealed.segment.length, sealed.spans.count);
    await this.#disk.remove(sealed.segment.path);
    this.#unlinkedIn.add(dirname(sealed.segment.path));
  }

  /** To be called before the journal forgets removed segments: a start would insert again a file that has come back. */
  async syncRemoved(): Promise<void> {
    for (const directory of this.#unlinkedIn) {
      await this.#disk.syncDirectory(directory);
      this.#unlinkedIn.delete(directory);
    }
  }

  /** The snapshot's record of each segment. */
  *states(): Generator<PackedSegment> {
    for (const { segment, spans } of this.#sealed.values()) yield packed(segment, spans);
    for (const segment of this.#growing()) if (segment.length > 0) yield packed(segment.state(), segment.committedSpans());
  }

  async close(): Promise<void> {
    for (const segment of this.#growing()) await segment.end();
    for (const lane of LANES) this.#open[lane].clear();
  }

  *#growing(): Generator<OpenSegment> {
    for (const lane of LANES) yield* this.#open[lane].values();
  }

  async #create(kind: Kind, lane: Lane): Promise<OpenSegment> {
    const name = `${this.#run}-${String(++this.#count).padStart(8, '0')}`;
    const path = segmentPath(this.#directory, { kind, segment: name, schema: KINDS[kind].schema });
    const segment = await OpenSegment.create(this.#disk, { kind, lane, name }, path);
    await this.#disk.syncDirectory(dirname(path)).catch(async (error: unknown) => {
      await segment.end();
      throw error;
    });
    this.#open[lane].set(kind, segment);
    return segment;
  }

  async #seal(segment: OpenSegment): Promise<void> {
    const { kind, lane, spans, oldest_ns } = segment;
    await segment.end();
    this.#open[lane].delete(kind);
    if (segment.length > 0) this.addSealed({ ...segment.state(), kind, spans, oldest_ns }, lane);
  }
}

export function packed({ kind, segment, schema, row_bytes, length, crc }: SegmentState, spans: BatchSpans): PackedSegment {
  return { kind, segment, schema, row_bytes, length, crc, batches: spans.toText() };
}

function costOf(length: number, batches: number): number {
  return length + batches * BATCH_COST_BYTES;
}
