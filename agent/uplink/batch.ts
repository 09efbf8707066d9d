// Cuts the stream of rows into batches of one kind each, bounded in bytes and in age. Pure: time comes in as an argument.
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { BATCH_BYTES_MAX } from '../contract/batch-envelope.ts';

export const BATCH_AGE_MS_MAX = 250;

/**
 * At most this many buffers are kept for reuse. A new one for every batch would be tens of MB a second under a storm: the garbage
 * collector then ran all the time, and what it had not yet freed was most of the agent's memory.
 */
const SPARES_MAX = 8;

export type Batch = { kind: Kind; sequence: number; rows: number; bytes: Uint8Array };

type Open = { buffer: Uint8Array | undefined; length: number; since_ms: number };

export class Batcher {
  readonly #open: Record<Kind, Open> = eachKind(() => ({ buffer: undefined, length: 0, since_ms: 0 }));
  readonly #spares: Uint8Array[] = [];
  readonly #sequences: Record<Kind, number> = eachKind(() => 0);

  /**
   * Takes whole rows of one kind. Copies them, so that the caller can reuse its buffer. Returns the batches that became full.
   */
  add(kind: Kind, rows: Uint8Array, now_ms: number): Batch[] {
    const { size } = KINDS[kind];
    const room = Math.floor(BATCH_BYTES_MAX / size) * size;
    const batches: Batch[] = [];
    const open = this.#open[kind];
    for (let at = 0; at < rows.length; ) {
      if (open.length === 0) open.since_ms = now_ms;
      open.buffer ??= this.#spares.pop() ?? new Uint8Array(BATCH_BYTES_MAX);
      const part = rows.subarray(at, at + room - open.length);
      open.buffer.set(part, open.length);
      open.length += part.length;
      at += part.length;
      if (open.length === room) batches.push(...this.#cut(kind));
    }
    return batches;
  }

  /** The batches that have reached their age; all that have rows when `now_ms` is Infinity. */
  due(now_ms: number): Batch[] {
    const due = KIND.filter((kind) => this.#open[kind].length > 0 && now_ms - this.#open[kind].since_ms >= BATCH_AGE_MS_MAX);
    return due.flatMap((kind) => this.#cut(kind));
  }

  /** Takes back the buffer of a batch whose bytes nobody reads any more. */
  reuse({ bytes }: Batch): void {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(new Uint8Array(bytes.buffer));
  }

  #cut(kind: Kind): Batch[] {
    const open = this.#open[kind];
    const { buffer, length } = open;
    if (buffer === undefined) return [];
    open.buffer = undefined;
    open.length = 0;
    this.#sequences[kind]++;
    return [{ kind, sequence: this.#sequences[kind], rows: length / KINDS[kind].size, bytes: buffer.subarray(0, length) }];
  }
}
