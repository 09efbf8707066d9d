// Cuts the stream of rows into batches: one kind each, as many whole rows as a collector takes, none older than its
// limit. Pure: time comes in as an argument.
import { KIND, KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { eachKind } from '../account.ts';
import { BATCH_BYTES_MAX } from '../batch-envelope.ts';

export const BATCH_AGE_MS_MAX = 250;

export type Batch = { kind: Kind; sequence: number; rows: number; bytes: Uint8Array };

type Open = { parts: Uint8Array[]; length: number; since_ms: number };

export class Batcher {
  readonly #open: Record<Kind, Open> = eachKind(() => ({ parts: [], length: 0, since_ms: 0 }));
  #sequence = 0;

  /**
   * Takes whole rows of one kind; copies them, so the caller's buffer is free again. Returns the batches this fills.
   */
  add(kind: Kind, rows: Uint8Array, now_ms: number): Batch[] {
    const { size } = KINDS[kind];
    const room = Math.floor(BATCH_BYTES_MAX / size) * size;
    const batches: Batch[] = [];
    const open = this.#open[kind];
    for (let at = 0; at < rows.length; ) {
      if (open.length === 0) open.since_ms = now_ms;
      // A copy; a Buffer's slice() would be a view.
      const part = new Uint8Array(rows.subarray(at, at + room - open.length));
      open.parts.push(part);
      open.length += part.length;
      at += part.length;
      if (open.length === room) batches.push(this.#cut(kind));
    }
    return batches;
  }

  /** The batches that are old enough by now; all that hold anything when `now_ms` is Infinity. */
  due(now_ms: number): Batch[] {
    const due = KIND.filter((kind) => this.#open[kind].length > 0 && now_ms - this.#open[kind].since_ms >= BATCH_AGE_MS_MAX);
    return due.map((kind) => this.#cut(kind));
  }

  #cut(kind: Kind): Batch {
    const open = this.#open[kind];
    const [only] = open.parts;
    const bytes = only !== undefined && open.parts.length === 1 ? only : Buffer.concat(open.parts);
    open.parts = [];
    open.length = 0;
    this.#sequence++;
    return { kind, sequence: this.#sequence, rows: bytes.length / KINDS[kind].size, bytes };
  }
}
