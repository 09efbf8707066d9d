// Keeps every batch from the moment it is cut until it is settled (sent, rejected or lost): on disk, or in memory while the disk refuses
// writes or where there is no spool on disk. Each row is in one place at any time, and every loss is counted by name.

import type { Accounting } from '../accounts/accounting.ts';
import type { Outcome } from '../contract/outcome.ts';
import { reasonOf } from '../process/errors.ts';
import { Every, type Log } from '../process/log.ts';
import type { Caps } from './caps.ts';
import type { DiskSpool } from './disk-spool.ts';
import { type Kept, Overflow } from './overflow.ts';
import type { Batch } from './record.ts';
import { type Counted, countOf, RowCounts } from './row-counts.ts';
import type { Place } from './segments.ts';

/** A leased batch; `release` or `settle` ends the lease. */
export type Parcel = { readonly batch: Batch; readonly at: Place | Kept };

export type SpoolOptions = {
  /** undefined: batches are in memory only */
  disk: DiskSpool | undefined;
  /** for batches in memory */
  memory_bytes: number;
  accounting: Accounting;
  log: Log;
  /** the longest time between a write and its flush to the disk; Infinity: only `flush` does it */
  flush_ms?: number;
  now_ms?: () => number;
};

const FLUSH_MS = 500;
/** The pause after the disk has refused a write. */
const RETRY_MS = 1000;
const COMPLAINT_PERIOD_MS = 60_000;

export class Spool {
  readonly #options: SpoolOptions;
  readonly #disk: DiskSpool | undefined;
  readonly #overflow: Overflow;
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  readonly #now: () => number;
  #returning: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** wall-clock time, which may be set back */
  #refused_ms = Number.NEGATIVE_INFINITY;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#disk = options.disk;
    this.#overflow = new Overflow(options.memory_bytes);
    this.#now = options.now_ms ?? Date.now;
  }

  /** `memory`: of compressed batches; `disk`: of segment files */
  get bytes(): { disk: number; memory: number } {
    return { disk: this.#disk?.bytes ?? 0, memory: this.#overflow.bytes };
  }

  /** compressed bytes of batches on disk that are not settled */
  get waiting_bytes(): number {
    return [...(this.#disk?.segments ?? [])].reduce((sum, each) => sum + (each.taken_over ? 0 : each.waiting_bytes), 0);
  }

  /** Sets other limits. Batches beyond them are dropped when the next batch comes. */
  limit({ memory_bytes, caps }: { memory_bytes?: number; caps?: Partial<Caps> }): void {
    if (memory_bytes !== undefined) this.#overflow.bytes_max = memory_bytes;
    if (caps !== undefined) this.#disk?.limit(caps);
  }

  /** Whether the process could end now without losing a batch. */
  get is_safe(): boolean {
    return this.#disk !== undefined && this.#overflow.bytes === 0;
  }

  /** Rows of batches that are not settled. */
  waiting(): RowCounts {
    const waiting = new RowCounts();
    for (const { given_up, waiting: rows } of this.#disk?.segments ?? []) if (given_up === undefined) waiting.addAll(rows);
    for (const { segment, record } of this.#disk?.leased ?? []) if (segment.given_up !== undefined) waiting.add(record.head);
    return this.#overflow.addTo(waiting);
  }

  /** Takes a batch and leases it to the caller, who sends or releases it. */
  async append(batch: Batch): Promise<Parcel> {
    this.#tendSoon();
    if (this.#disk !== undefined && Math.abs(this.#now() - this.#refused_ms) >= RETRY_MS) {
      try {
        // Batches that wait in memory for the disk are written before this one.
        await this.#returnToDisk(this.#disk);
        return { batch, at: await this.#disk.append(batch, this.#now()) };
      } catch (error) {
        this.#refused(error);
      }
    }
    const { kept, dropped } = this.#overflow.add(batch);
    for (const lost of dropped) this.#settled(lost, 'memory_dropped');
    return { batch, at: kept };
  }

  /** Whether a batch waits that is not leased and whose schema is not held. */
  hasFree(isHeld: (schema: string) => boolean): boolean {
    return this.#disk?.hasFree(isHeld) === true || this.#overflow.oldestFree(isHeld) !== undefined;
  }

  /** Leases the oldest such batch. */
  async next(isHeld: (schema: string) => boolean): Promise<Parcel | undefined> {
    const found = await this.#disk?.next(isHeld, this.#now());
    if (found !== undefined) return { batch: found.batch, at: found.place };
    const kept = this.#overflow.oldestFree(isHeld);
    if (kept === undefined) return undefined;
    kept.leased = true;
    return { batch: kept.batch, at: kept };
  }

  /** Ends the lease: the batch waits again. */
  release({ at }: Parcel): void {
    if ('segment' in at) this.#disk?.release(at);
    else at.leased = false;
  }

  /** Ends the lease: the batch was sent, rejected or lost. */
  settle({ batch, at }: Parcel, outcome: Outcome): void {
    this.#tendSoon();
    if ('segment' in at) {
      this.#disk?.settle(at, outcome);
      return;
    }
    if (this.#overflow.remove(at)) this.#settled(batch, outcome);
  }

  /** Writes the books, and flushes them if `durable`: a crash does not lose what a collector is told afterwards. */
  async flush(durable: boolean): Promise<void> {
    try {
      await this.#disk?.flush(durable, this.#now());
      if (this.#disk) await this.#returnToDisk(this.#disk);
    } catch (error) {
      this.#refused(error);
    }
  }

  /**
   * At the end of the process, when nothing is being sent any more: writes the batches in memory to the disk, leased ones too, since it is
   * not known whether a collector has them. Those that the disk refuses are lost.
   */
  async giveUpMemory(): Promise<void> {
    await this.#returning;
    for (const kept of [...this.#overflow]) if (this.#disk) await this.#toDisk(this.#disk, kept).catch(() => undefined);
    for (const kept of [...this.#overflow]) this.settle({ batch: kept.batch, at: kept }, 'memory_dropped');
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.giveUpMemory();
    await this.#disk?.close();
    clearTimeout(this.#timer);
  }

  /** One run at a time: once it has ended, no batch is between memory and disk. */
  #returnToDisk(disk: DiskSpool): Promise<void> {
    const returned = this.#returning.then(async () => {
      for (const kept of [...this.#overflow]) if (!kept.leased) await this.#toDisk(disk, kept);
    });
    this.#returning = returned.catch(() => undefined);
    return returned;
  }

  async #toDisk(disk: DiskSpool, kept: Kept): Promise<void> {
    kept.leased = true;
    try {
      const place = await disk.append(kept.batch, this.#now());
      this.#overflow.remove(kept);
      disk.release(place);
    } finally {
      kept.leased = false;
    }
  }

  #tendSoon(): void {
    const { flush_ms = FLUSH_MS } = this.#options;
    if (this.#disk === undefined || flush_ms === Number.POSITIVE_INFINITY) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush(false);
      if (this.#overflow.bytes > 0) this.#tendSoon();
    }, flush_ms).unref();
  }

  #refused(error: unknown): void {
    this.#refused_ms = this.#now();
    const reason = reasonOf(error);
    this.#complaint.run(Date.now(), (held) =>
      this.#options.log.warn({ held }, `the spool's disk takes nothing, batches wait in memory: ${reason}`),
    );
  }

  #settled(batch: Counted, outcome: Outcome): void {
    this.#options.accounting.settle(countOf(batch), outcome, this.#now());
  }
}
