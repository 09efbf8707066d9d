// Rows of batches by the agent's run and by kind, and which batches they are of.

import { type Range, Ranges } from './ranges.ts';
import type { BatchHead } from './record.ts';

/** Rows of the batches with these sequences. */
export type RowCount = { epoch: string; kind: string; rows: number; sequences: Range[] };
export type Counted = Pick<BatchHead, 'epoch' | 'kind' | 'sequence' | 'rows'>;

export const countOf = ({ epoch, kind, sequence, rows }: Counted): RowCount => ({
  epoch,
  kind,
  rows,
  sequences: [[sequence, sequence + 1]],
});

type Held = Omit<RowCount, 'sequences'> & { sequences: Ranges };

export class RowCounts implements Iterable<RowCount> {
  readonly #counts = new Map<string, Held>();

  constructor(counts: Iterable<RowCount> = []) {
    this.addAll(counts);
  }

  add(batch: Counted): void {
    this.addAll([countOf(batch)]);
  }

  /** A batch that is not in the counts changes nothing. */
  remove({ epoch, kind, sequence, rows }: Counted): void {
    const key = `${epoch} ${kind}`;
    const count = this.#counts.get(key);
    if (count === undefined || !count.sequences.has(sequence)) return;
    count.sequences.remove([sequence, sequence + 1]);
    count.rows -= rows;
    if (count.rows === 0) this.#counts.delete(key);
  }

  of(epoch: string, kind: string): number {
    return this.#counts.get(`${epoch} ${kind}`)?.rows ?? 0;
  }

  /** No batch may be in both. */
  addAll(counts: Iterable<RowCount>): void {
    for (const { epoch, kind, rows, sequences } of counts) {
      const key = `${epoch} ${kind}`;
      const count = this.#counts.get(key) ?? { epoch, kind, rows: 0, sequences: new Ranges() };
      this.#counts.set(key, count);
      count.rows += rows;
      for (const range of sequences) count.sequences.add(range);
    }
  }

  *[Symbol.iterator](): Generator<RowCount> {
    for (const { sequences, ...count } of this.#counts.values()) yield { ...count, sequences: [...sequences] };
  }
}
