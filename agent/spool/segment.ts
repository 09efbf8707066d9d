// The state of one segment in memory: which of its records are done, leased or waiting. It does no I/O.
import { Ranges } from './ranges.ts';
import type { RecordPlace } from './record.ts';
import { RowCounts } from './row-counts.ts';

/** Why all batches of a segment are given up. */
export type GivenUp = 'spool_dropped' | 'spool_expired' | 'spool_damaged';

export class Segment {
  readonly number: number;
  /** bytes of whole records */
  length = 0;
  batches = 0;
  /** batches that are not done */
  readonly waiting = new RowCounts();
  readonly done = new Ranges();
  /** when its first and last batches were cut */
  oldest_ms = Number.POSITIVE_INFINITY;
  newest_ms = 0;
  /** a part of it could not be read: its file is set aside for people to look at, not removed */
  damaged = false;
  given_up: GivenUp | undefined;
  failed_reads = 0;
  /** it was written by an earlier run */
  taken_over = false;
  #waiting_bytes = 0;
  #waiting_batches = 0;
  readonly #leased = new Set<number>();
  /** Batches that wait and are not leased, by schema. */
  readonly #free = new Map<string, number>();

  constructor(number: number) {
    this.number = number;
  }

  get all_done(): boolean {
    return this.#waiting_batches === 0;
  }

  /** bytes of batches that are not done */
  get waiting_bytes(): number {
    return this.#waiting_bytes;
  }

  /** Adds a record that is not done; `leased`: to whoever wrote it. */
  add({ at, length, head }: Pick<RecordPlace, 'at' | 'length' | 'head'>, leased: boolean): void {
    this.length = at + length;
    this.batches++;
    this.#waiting_batches++;
    this.#waiting_bytes += length;
    this.oldest_ms = Math.min(this.oldest_ms, head.cut_at_ms);
    this.newest_ms = Math.max(this.newest_ms, head.cut_at_ms);
    this.waiting.add(head);
    if (leased) this.#leased.add(at);
    else this.#addFree(head.schema, 1);
  }

  isFree(at: number): boolean {
    return !this.#leased.has(at) && !this.done.has(at);
  }

  hasFree(isHeld: (schema: string) => boolean): boolean {
    if (this.given_up !== undefined) return false;
    for (const [schema, count] of this.#free) if (count > 0 && !isHeld(schema)) return true;
    return false;
  }

  lease({ at, head }: Pick<RecordPlace, 'at' | 'head'>): void {
    this.#leased.add(at);
    this.#addFree(head.schema, -1);
  }

  release({ at, head }: Pick<RecordPlace, 'at' | 'head'>): void {
    if (this.#leased.delete(at)) this.#addFree(head.schema, 1);
  }

  /** A leased record is done. */
  settle({ at, length, head }: Pick<RecordPlace, 'at' | 'length' | 'head'>): void {
    if (!this.#leased.delete(at)) return;
    this.done.add([at, at + length]);
    this.#waiting_batches--;
    this.#waiting_bytes -= length;
    this.waiting.remove(head);
  }

  #addFree(schema: string, count: number): void {
    this.#free.set(schema, (this.#free.get(schema) ?? 0) + count);
  }
}
