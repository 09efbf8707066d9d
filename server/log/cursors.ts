// What is stored of each run of each agent. A run is (host_id, epoch); the one unheard of for longest is forgotten first.
import { type SequenceRange, Sequences, type SequenceVerdict } from './sequences.ts';

/** Names one batch for ever. */
export type BatchId = { host_id: string; epoch: string; sequence: number };
export type CursorState = { host_id: string; epoch: string; ranges: SequenceRange[]; closed_up_to: number };

/** Runs remembered: a thousand agents that restart every week fill this in four months. */
const RUNS_MAX = 16_384;

export class Cursors {
  readonly #runs = new Map<string, Sequences>();

  verdict(id: BatchId): SequenceVerdict {
    return this.#runs.get(runKey(id))?.verdict(id.sequence) ?? 'new';
  }

  add(id: BatchId): void {
    const key = runKey(id);
    const sequences = this.#runs.get(key) ?? new Sequences();
    sequences.add(id.sequence);
    this.#remember(key, sequences);
  }

  restore(state: CursorState): void {
    this.#remember(runKey(state), new Sequences(state.ranges, state.closed_up_to));
  }

  /** Longest unheard of first, so that restoring in this order keeps it. */
  *states(): Generator<CursorState> {
    for (const [key, { ranges, closed_up_to }] of this.#runs) {
      const [host_id = '', epoch = ''] = key.split('/');
      yield { host_id, epoch, ranges, closed_up_to };
    }
  }

  /** A Map iterates in insertion order: what was heard of last goes to its end. */
  #remember(key: string, sequences: Sequences): void {
    this.#runs.delete(key);
    this.#runs.set(key, sequences);
    if (this.#runs.size <= RUNS_MAX) return;
    const [oldest] = this.#runs.keys();
    if (oldest !== undefined) this.#runs.delete(oldest);
  }
}

function runKey({ host_id, epoch }: { host_id: string; epoch: string }): string {
  return `${host_id}/${epoch}`;
}
