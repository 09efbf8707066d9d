// All segments of the log: of each kind one that grows, and the sealed ones that wait for the store. What is appended
// counts only once it is committed; whatever a failure leaves uncommitted is cut off by `clear`.
import { randomBytes } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Kind } from '../../bpf/rows.gen.ts';
import { syncDirectory } from './files.ts';
import type { SegmentState } from './journal-line.ts';
import { segmentPath } from './recover.ts';
import { OpenSegment } from './segment.ts';

export type SealedSegment = SegmentState & { path: string };

export class Segments {
  readonly #directory: string;
  /** New with every start, so that a segment's name, its deduplication token, is never used twice. */
  readonly #run = `${Date.now()}-${randomBytes(6).toString('hex')}`;
  #count = 0;
  readonly #open = new Map<Kind, OpenSegment>();
  readonly #uncommitted = new Set<OpenSegment>();
  readonly #sealed = new Map<string, SealedSegment>();
  #sealedBytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Bytes of rows that the store does not have yet. */
  get bytes(): number {
    return [...this.#open.values()].reduce((sum, segment) => sum + segment.length, this.#sealedBytes);
  }

  get sealed(): SealedSegment[] {
    return [...this.#sealed.values()];
  }

  addSealed(state: SegmentState): void {
    this.#sealed.set(state.segment, { ...state, path: segmentPath(this.#directory, state) });
    this.#sealedBytes += state.length;
  }

  /** Writes and flushes; pairs each batch with the state of its segment after it. Not committed yet. */
  async append<Batch extends { rows: Buffer }>(kind: Kind, batches: readonly Batch[]): Promise<[Batch, SegmentState][]> {
    const segment = this.#open.get(kind) ?? (await this.#create(kind));
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

  /** Ends the open segments that hold as many bytes. */
  async seal(bytesMin: number): Promise<void> {
    for (const segment of this.#open.values()) if (segment.length >= bytesMin) await this.#seal(segment);
  }

  /** Forgets a sealed segment and removes its file. */
  async remove(name: string): Promise<void> {
    const sealed = this.#sealed.get(name);
    if (!sealed) return;
    this.#sealed.delete(name);
    this.#sealedBytes -= sealed.length;
    await unlink(sealed.path);
  }

  /** What of each segment the journal should know. */
  *states(): Generator<SegmentState> {
    for (const { path: _, ...state } of this.#sealed.values()) yield state;
    for (const segment of this.#open.values()) if (segment.length > 0) yield segment.state();
  }

  async close(): Promise<void> {
    for (const segment of this.#open.values()) await segment.end();
    this.#open.clear();
  }

  async #create(kind: Kind): Promise<OpenSegment> {
    const name = `${this.#run}-${String(++this.#count).padStart(8, '0')}`;
    const path = segmentPath(this.#directory, { kind, segment: name });
    const segment = await OpenSegment.create(kind, name, path);
    await syncDirectory(dirname(path)).catch(async (error: unknown) => {
      await segment.end();
      throw error;
    });
    this.#open.set(kind, segment);
    return segment;
  }

  async #seal(segment: OpenSegment): Promise<void> {
    await segment.end();
    this.#open.delete(segment.kind);
    if (segment.length > 0) this.addSealed(segment.state());
  }
}
