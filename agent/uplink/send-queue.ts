// Batches on their way to the collector, oldest first, in a bounded number of bytes. Pure bookkeeping: when a new one
// does not fit, the oldest that is not being sent right now goes.
import type { Kind } from '../../bpf/rows.gen.ts';

export type Queued = { kind: Kind; sequence: number; rows: number; payload: Uint8Array<ArrayBuffer>; ready: boolean; in_flight: boolean };

export class SendQueue {
  readonly #batches = new Set<Queued>();
  readonly #bytes_max: number;
  #bytes = 0;

  constructor(bytes_max: number) {
    this.#bytes_max = bytes_max;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#batches.size;
  }

  /** Takes a batch in and returns those that had to go for it: the oldest, and itself when all others are in flight. */
  push(batch: Queued): Queued[] {
    this.#batches.add(batch);
    this.#bytes += batch.payload.length;
    const dropped: Queued[] = [];
    for (const oldest of this.#batches) {
      if (this.#bytes <= this.#bytes_max) break;
      if (!oldest.in_flight && this.remove(oldest)) dropped.push(oldest);
    }
    return dropped;
  }

  /** Puts the bytes that will travel in place of the raw ones; false when the batch is gone. */
  ready(batch: Queued, payload: Uint8Array<ArrayBuffer>): boolean {
    if (!this.#batches.has(batch)) return false;
    this.#bytes += payload.length - batch.payload.length;
    batch.payload = payload;
    batch.ready = true;
    return true;
  }

  /** The oldest batch that can be sent now. */
  next(): Queued | undefined {
    for (const batch of this.#batches) if (batch.ready && !batch.in_flight) return batch;
    return undefined;
  }

  remove(batch: Queued): boolean {
    if (!this.#batches.delete(batch)) return false;
    this.#bytes -= batch.payload.length;
    return true;
  }

  /** Empties the queue and returns what was in it. */
  clear(): Queued[] {
    const rest = [...this.#batches];
    for (const batch of rest) this.remove(batch);
    return rest;
  }
}
