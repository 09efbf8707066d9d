// The batches on disk. Calls are carried out one after the other; a batch is leased to one caller at a time.
import type { Outcome } from '../contract/outcome.ts';
import { turns } from '../process/turns.ts';
import type { Bookkeeper } from './bookkeeper.ts';
import { type Caps, toGiveUp } from './caps.ts';
import { type Count, Leases } from './leases.ts';
import type { Batch } from './record.ts';
import { Removal } from './removal.ts';
import type { GivenUp, Segment } from './segment.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { Place, Segments } from './segments.ts';

export type DiskSpoolParts = {
  segments: Segments;
  reader: SegmentReader;
  keeper: Bookkeeper;
  caps: Caps;
  count: Count;
};

/** A segment that fails to be read this often is given up. */
const FAILED_READS_MAX = 5;

export class DiskSpool {
  readonly #parts: DiskSpoolParts;
  /** leases, also on batches of segments that have been given up */
  readonly leased: Leases;
  readonly #removal: Removal;
  readonly #inTurn = turns();

  constructor(parts: DiskSpoolParts) {
    this.#parts = parts;
    this.leased = new Leases(parts.count);
    this.#removal = new Removal(parts.segments, parts.reader, parts.keeper);
  }

  /** of all segment files */
  get bytes(): number {
    return [...this.#parts.segments].reduce((sum, { length }) => sum + length, 0);
  }

  /** Segments that may have batches that wait. */
  get segments(): Iterable<Segment> {
    return this.#parts.segments;
  }

  /** Writes a batch and leases it to the caller. Throws where the disk refuses the write. */
  append(batch: Batch, now_ms: number): Promise<Place> {
    return this.#inTurn(async () => {
      await this.#keepWithin(batch.payload.length, now_ms);
      const place = await this.#parts.segments.append(batch, now_ms);
      this.leased.add(place);
      this.#parts.keeper.changed(place.segment);
      return place;
    });
  }

  hasFree(isHeld: (schema: string) => boolean): boolean {
    for (const segment of this.#parts.segments) if (segment.hasFree(isHeld)) return true;
    return false;
  }

  /**
   * Leases the oldest batch that waits. Throws where its file cannot be read, until that file is given up. Batches that are found to be
   * damaged or too old meanwhile are counted as lost.
   */
  next(isHeld: (schema: string) => boolean, now_ms: number): Promise<{ batch: Batch; place: Place } | undefined> {
    return this.#inTurn(async () => {
      for (const segment of [...this.#parts.segments]) {
        while (segment.hasFree(isHeld)) {
          const found = await this.#take(segment, isHeld, now_ms);
          if (found !== undefined) return found;
        }
      }
      return undefined;
    });
  }

  async #take(segment: Segment, isHeld: (schema: string) => boolean, now_ms: number): Promise<{ batch: Batch; place: Place } | undefined> {
    const { reader, caps } = this.#parts;
    const found = await reader.find(segment, isHeld).catch((error: unknown) => this.#cannotRead(segment, error));
    if (found === undefined) {
      // The file was removed, or its content was replaced.
      segment.damaged = true;
      this.#giveUp(segment, 'spool_damaged');
      return undefined;
    }
    const { record, payload } = found;
    const place = { segment, record };
    segment.lease(record);
    this.leased.add(place);
    const expired = now_ms - record.head.cut_at_ms > caps.age_ms_max;
    if (payload !== undefined && !expired) return { batch: { ...record.head, payload }, place };
    segment.damaged ||= payload === undefined;
    this.settle(place, expired ? 'spool_expired' : 'spool_damaged');
    return undefined;
  }

  /** Some read errors pass, such as too many open files; a segment with too many of them is given up. */
  #cannotRead(segment: Segment, error: unknown): undefined {
    segment.failed_reads++;
    if (segment.failed_reads < FAILED_READS_MAX) throw error;
  }

  /** Ends the lease: the batch waits again. */
  release(place: Place): void {
    this.leased.release(place);
    this.#parts.reader.rewind();
  }

  /** Ends the lease: the batch is done, and never read again. */
  settle(place: Place, outcome: Outcome): void {
    const { segment, record } = place;
    if (!this.leased.settle(place, outcome)) return;
    this.#parts.keeper.done(segment, [record.at, record.at + record.length]);
    if (this.#removal.note(segment)) void this.#inTurn(() => this.#removal.run());
  }

  /** Changes the caps in place: the segments use the same object. */
  limit(caps: Partial<Caps>): void {
    Object.assign(this.#parts.caps, caps);
  }

  /**
   * Gives up segments beyond the caps and flushes what was written to the disk. The books are flushed only if `durable`: data that was
   * written survives SIGKILL unflushed, only a crash of the machine loses it. Throws where the disk refuses.
   */
  flush(durable: boolean, now_ms: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#keepWithin(0, now_ms);
      if (this.#parts.segments.wants_sync) await this.#parts.segments.sync();
      await this.#removal.run();
      await this.#parts.keeper.write(durable);
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#parts.segments.leave().catch(() => undefined);
      for (const segment of this.#parts.segments) this.#removal.note(segment);
      await this.#removal.run();
      await this.#parts.keeper.write(true).catch(() => undefined);
      await this.#parts.keeper.close();
      await this.#parts.reader.close();
    });
  }

  async #keepWithin(incoming: number, now_ms: number): Promise<void> {
    const { segments, caps } = this.#parts;
    for (const [segment, why] of toGiveUp(segments, caps, incoming, now_ms)) this.#giveUp(segment, why);
    await this.#removal.run();
  }

  #giveUp(segment: Segment, why: GivenUp): void {
    this.leased.giveUp(segment, why);
    this.#removal.note(segment);
  }
}
