// Remembers which batches of each agent's run are stored, so that a batch that is sent again is not written again. A run is named by
// (host_id, epoch). Where there are too many, the run of which no batch has come for longest is forgotten.
import { type SequenceRange, Sequences, type SequenceVerdict } from './sequences.ts';

/** Names one batch for ever: an agent numbers the batches of a run, each kind from 1 on. */
export type BatchId = { host_id: string; epoch: string; kind: string; sequence: number };
export type CursorState = { host_id: string; epoch: string; kind: string; ranges: SequenceRange[]; closed_up_to: number };

export type CursorLimits = { runs_max: number; ranges_max: number };
/** A thousand agents that restart weekly have so many runs in four months. So many ranges, over all runs, take 16 MB. */
const LIMITS: CursorLimits = { runs_max: 16_384, ranges_max: 1_000_000 };

type Run = Map<string, Sequences>;

export class Cursors {
  readonly #limits: CursorLimits;
  readonly #runs = new Map<string, Run>();
  #ranges = 0;

  constructor(limits: CursorLimits = LIMITS) {
    this.#limits = limits;
  }

  verdict(id: BatchId): SequenceVerdict {
    return this.#runs.get(runKey(id))?.get(id.kind)?.verdict(id.sequence) ?? 'new';
  }

  add(id: BatchId): void {
    const run = this.#heardOf(runKey(id));
    const sequences = run.get(id.kind) ?? new Sequences();
    run.set(id.kind, sequences);
    const before = sequences.length;
    sequences.add(id.sequence);
    this.#ranges += sequences.length - before;
    if (this.#ranges > this.#limits.ranges_max) this.#closeGaps();
  }

  restore(state: CursorState): void {
    const sequences = new Sequences(state.ranges, state.closed_up_to);
    const run = this.#heardOf(runKey(state));
    this.#ranges += sequences.length - (run.get(state.kind)?.length ?? 0);
    run.set(state.kind, sequences);
  }

  /** The run of which no batch has come for longest comes first, so that restoring in this order keeps the order. */
  *states(): Generator<CursorState> {
    for (const [key, run] of this.#runs) {
      const [host_id = '', epoch = ''] = key.split('/');
      for (const [kind, { ranges, closed_up_to }] of run) yield { host_id, epoch, kind, ranges, closed_up_to };
    }
  }

  /** Moves the run to the end of the Map, which iterates in the order of insertion. */
  #heardOf(key: string): Run {
    const run = this.#runs.get(key) ?? new Map<string, Sequences>();
    this.#runs.delete(key);
    this.#runs.set(key, run);
    if (this.#runs.size > this.#limits.runs_max) this.#forgetOldest();
    return run;
  }

  #forgetOldest(): void {
    const [oldest] = this.#runs;
    if (oldest === undefined) return;
    this.#runs.delete(oldest[0]);
    for (const { length } of oldest[1].values()) this.#ranges -= length;
  }

  /** The run and kind with the most gaps has the older half of them closed. */
  #closeGaps(): void {
    let most: Sequences | undefined;
    for (const run of this.#runs.values()) for (const one of run.values()) if (one.length > (most?.length ?? 1)) most = one;
    if (most === undefined) return;
    const before = most.length;
    most.closeOldestGaps(Math.ceil(before / 2));
    this.#ranges += most.length - before;
  }
}

function runKey({ host_id, epoch }: { host_id: string; epoch: string }): string {
  return `${host_id}/${epoch}`;
}
