// All segments of the log: of each kind and lane one that grows, and the sealed ones that wait for the store. What is appended
// counts only once it is committed; whatever a failure leaves uncommitted is cut off by `clear`.
import { dirname } from 'node:path';
import type { Disk } from '../../agent/durable/disk.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BATCH_COST_BYTES, type BatchSpan, type BatchSpans } from './batch-spans.ts';
import type { PackedSegment, SegmentState } from './journal-record.ts';
import { eachLane, LANES, type Lane } from './lane.ts';
import { type Addition, OpenSegment } from './segment.ts';
import { originOf, segmentPath } from './segment-name.ts';

/** Whole rows of one kind in this version's layout, each with its trailer. `batches` is unpacked when it is asked for. */
export type SealedSegment = Omit<SegmentState, 'kind'> & {
  kind: Kind;
  lane: Lane;
  path: string;
  /** performance.now() when it was sealed or found */
  since_ms: number;
  readonly batches: readonly BatchSpan[];
};
export type KnownSegment = Omit<SegmentState, 'kind'> & { kind: Kind; spans: BatchSpans };

export class Segments {
  readonly #disk: Disk;
  readonly #directory: string;
  /** New with every start, so that a segment's name is never used twice. */
  readonly #run: string;
  #count = 0;
  readonly #open = eachLane(() => new Map<Kind, OpenSegment>());
  readonly #uncommitted = new Set<OpenSegment>();
  readonly #sealed = new Map<string, { segment: SealedSegment; spans: BatchSpans }>();
  readonly #sealedBytes = eachLane(() => 0);
  /** Folders of files that have been removed and may come back. */
  readonly #unlinkedIn = new Set<string>();

  constructor(disk: Disk, directory: string, run: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#run = run;
  }

  /** What the store does not have yet: bytes of rows, and what the batches' names cost. */
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

  /** For how long the one that has waited longest has done so. */
  get behind_s(): number {
    const [first] = this.#sealed.values();
    return first ? (performance.now() - first.segment.since_ms) / 1000 : 0;
  }

  /** Of those that are sealed: what they were before they were halved. */
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

  /** Writes and flushes; pairs each batch with the state of its segment after it. Not committed yet. */
  async append<Batch extends Addition>(kind: Kind, lane: Lane, batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const segment = this.#open[lane].get(kind) ?? (await this.#create(kind, lane));
    this.#uncommitted.add(segment);
    return segment.append(batches);
  }

  /** The journal knows all that was appended. */
  commit(): void {
    for (const segment of this.#uncommitted) segment.commit();
    this.#uncommitted.clear();
  }

  /** Cuts off what was appended and not committed. Those segments are sealed: the next batches go into others. */
  async clear(): Promise<void> {
    for (const segment of this.#uncommitted) {
      await this.#seal(segment);
      this.#uncommitted.delete(segment);
    }
  }

  /** Ends the lane's open segments that hold as many bytes, or rows that have waited so long. */
  async seal(lane: Lane, bytesMin: number, age_ms: number): Promise<void> {
    const before_ms = performance.now() - age_ms;
    for (const segment of this.#open[lane].values()) {
      if (segment.length > 0 && (segment.length >= bytesMin || segment.since_ms <= before_ms)) await this.#seal(segment);
    }
  }

  /** Forgets a sealed segment and removes its file. */
  async remove(name: string): Promise<void> {
    const sealed = this.#sealed.get(name);
    if (!sealed) return;
    this.#sealed.delete(name);
    this.#sealedBytes[sealed.segment.lane] -= costOf(sealed.segment.length, sealed.spans.count);
    await this.#disk.remove(sealed.segment.path);
    this.#unlinkedIn.add(dirname(sealed.segment.path));
  }

  /** Before the journal forgets what is removed: a file that comes back would be taken for one that nobody has inserted. */
  async syncRemoved(): Promise<void> {
    for (const directory of this.#unlinkedIn) {
      await this.#disk.syncDirectory(directory);
      this.#unlinkedIn.delete(directory);
    }
  }

  /** What of each segment the journal should know. */
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
    const { kind, lane, spans } = segment;
    await segment.end();
    this.#open[lane].delete(kind);
    if (segment.length > 0) this.addSealed({ ...segment.state(), kind, spans }, lane);
  }
}

export function packed({ kind, segment, schema, row_bytes, length, crc }: SegmentState, spans: BatchSpans): PackedSegment {
  return { kind, segment, schema, row_bytes, length, crc, batches: spans.toText() };
}

function costOf(length: number, batches: number): number {
  return length + batches * BATCH_COST_BYTES;
}
