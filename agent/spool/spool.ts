// Keeps every batch from the moment it is cut until it has come to an end: on disk, and in memory while the disk takes nothing or where
// there is to be no spool. Each row is in one place at any time, and what is lost has a name.

import type { Accounting } from '../accounts/accounting.ts';
import type { Outcome } from '../contract/outcome.ts';
import { reasonOf } from '../process/errors.ts';
import { Every, type Log } from '../process/log.ts';
import type { DiskSpool } from './disk-spool.ts';
import { type Kept, Overflow } from './overflow.ts';
import type { Batch, BatchHead } from './record.ts';
import { RowCounts } from './row-counts.ts';
import type { Place } from './segments.ts';

/** A batch that is under way; `release` or `settle` ends that. */
export type Parcel = { readonly batch: Batch; readonly at: Place | Kept };

export type SpoolOptions = {
  /** undefined: batches are in memory only */
  disk: DiskSpool | undefined;
  /** for batches that the disk does not take */
  memory_bytes: number;
  accounting: Accounting;
  log: Log;
  /** how long the disk may lag behind at most; Infinity leaves it to `flush` */
  flush_ms?: number;
  now_ms?: () => number;
};

const FLUSH_MS = 500;
/** After the disk has refused a write. */
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
  /** by a clock that may be set */
  #refused_ms = Number.NEGATIVE_INFINITY;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#disk = options.disk;
    this.#overflow = new Overflow(options.memory_bytes);
    this.#now = options.now_ms ?? Date.now;
  }

  /** of compressed rows, on disk what their segments have */
  get bytes(): { disk: number; memory: number } {
    return { disk: this.#disk?.bytes ?? 0, memory: this.#overflow.bytes };
  }

  /** of this run's batches on disk that have come to no end yet */
  get waiting_bytes(): number {
    return [...(this.#disk?.segments ?? [])].reduce((sum, each) => sum + (each.taken_over ? 0 : each.waiting_bytes), 0);
  }

  /** Whether the end of this process would lose nothing. */
  get is_safe(): boolean {
    return this.#disk !== undefined && this.#overflow.bytes === 0;
  }

  /** Rows that have come to no end yet. */
  waiting(): RowCounts {
    const waiting = new RowCounts();
    for (const { given_up, waiting: rows } of this.#disk?.segments ?? []) if (given_up === undefined) waiting.addAll(rows);
    for (const { segment, record } of this.#disk?.leased ?? []) if (segment.given_up !== undefined) waiting.addAll([record.head]);
    return this.#overflow.addTo(waiting);
  }

  /** Takes a batch, which is then under way: to be sent at once, or released. */
  async append(batch: Batch): Promise<Parcel> {
    this.#tendSoon();
    if (this.#disk !== undefined && Math.abs(this.#now() - this.#refused_ms) >= RETRY_MS) {
      try {
        // Batches that waited for the disk come before it.
        await this.#returnToDisk(this.#disk);
        return { batch, at: await this.#disk.append(batch, this.#now()) };
      } catch (error) {
        this.#refused(error);
      }
    }
    const { kept, dropped } = this.#overflow.add(batch);
    for (const lost of dropped) this.#count(lost, 'memory_dropped');
    return { batch, at: kept };
  }

  /** Whether a batch waits that is not under way, of a schema that is not held. */
  hasFree(isHeld: (schema: string) => boolean): boolean {
    return this.#disk?.hasFree(isHeld) === true || this.#overflow.oldestFree(isHeld) !== undefined;
  }

  /** The oldest of them, under way from now on. */
  async next(isHeld: (schema: string) => boolean): Promise<Parcel | undefined> {
    const found = await this.#disk?.next(isHeld, this.#now());
    if (found !== undefined) return { batch: found.batch, at: found.place };
    const kept = this.#overflow.oldestFree(isHeld);
    if (kept === undefined) return undefined;
    kept.leased = true;
    return { batch: kept.batch, at: kept };
  }

  /** It waits again. */
  release({ at }: Parcel): void {
    if ('segment' in at) this.#disk?.release(at);
    else at.leased = false;
  }

  /** It has come to its end. */
  settle({ batch, at }: Parcel, outcome: Outcome): void {
    this.#tendSoon();
    if ('segment' in at) {
      this.#disk?.settle(at, outcome);
      return;
    }
    if (this.#overflow.remove(at)) this.#count(batch, outcome);
  }

  /** Brings the books to disk: what is told to a collector afterwards is not forgotten by a crash. */
  async flush(durable: boolean): Promise<void> {
    try {
      await this.#disk?.flush(durable, this.#now());
      if (this.#disk) await this.#returnToDisk(this.#disk);
    } catch (error) {
      this.#refused(error);
    }
  }

  /**
   * At the end of the process, when nothing is under way any more: what the disk takes even now is kept, whoever has it leased, for
   * a collector may or may not have it. What is in memory only is lost.
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

  /** One at a time, so that whoever waits for it knows that no batch is in between. */
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

  #count({ epoch, kind, rows }: Pick<BatchHead, 'epoch' | 'kind' | 'rows'>, outcome: Outcome): void {
    this.#options.accounting.add(epoch, kind, outcome, rows, this.#now());
  }
}
