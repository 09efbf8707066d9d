// Batches in memory, where the disk refuses writes or there is no spool on disk: oldest first, bounded in bytes.
import type { Batch } from './record.ts';
import type { RowCounts } from './row-counts.ts';

export type Kept = { batch: Batch; leased: boolean };

export class Overflow {
  readonly #batches = new Set<Kept>();
  bytes_max: number;
  #bytes = 0;

  /** @param bytes_max may be changed later: it holds from the next batch on */
  constructor(bytes_max: number) {
    this.bytes_max = bytes_max;
  }

  /** of compressed rows */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.iterator](): Iterator<Kept> {
    return this.#batches.values();
  }

  /** Adds a batch, leased, and returns those that were dropped to make room: the oldest that are not leased. */
  add(batch: Batch): { kept: Kept; dropped: Batch[] } {
    const kept = { batch, leased: true };
    this.#batches.add(kept);
    this.#bytes += batch.payload.length;
    const dropped: Batch[] = [];
    for (const oldest of this.#batches) {
      if (this.#bytes <= this.bytes_max) break;
      if (oldest.leased) continue;
      this.remove(oldest);
      dropped.push(oldest.batch);
    }
    return { kept, dropped };
  }

  addTo(waiting: RowCounts): RowCounts {
    for (const { batch } of this.#batches) waiting.add(batch);
    return waiting;
  }

  oldestFree(isHeld: (schema: string) => boolean): Kept | undefined {
    for (const kept of this.#batches) if (!kept.leased && !isHeld(kept.batch.schema)) return kept;
    return undefined;
  }

  /** Returns false if it was removed before. */
  remove(kept: Kept): boolean {
    const had = this.#batches.delete(kept);
    if (had) this.#bytes -= kept.batch.payload.length;
    return had;
  }
}
