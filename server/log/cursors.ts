// What is stored of each run of each agent. A run is (host_id, epoch); the one unheard of for longest is forgotten first.
import { type SequenceRange, Sequences, type SequenceVerdict } from './sequences.ts';

/** Names one batch for ever: an agent counts the batches of a run kind by kind. */
export type BatchId = { host_id: string; epoch: string; kind: string; sequence: number };
export type CursorState = { host_id: string; epoch: string; kind: string; ranges: SequenceRange[]; closed_up_to: number };

export type CursorLimits = { runs_max: number; ranges_max: number };
/** Runs: a thousand agents that restart every week fill them in four months. Ranges, of all runs: 16 MB. */
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

  /** Longest unheard of first, so that restoring in this order keeps it. */
  *states(): Generator<CursorState> {
    for (const [key, run] of this.#runs) {
      const [host_id = '', epoch = ''] = key.split('/');
      for (const [kind, { ranges, closed_up_to }] of run) yield { host_id, epoch, kind, ranges, closed_up_to };
    }
  }

  /** A Map iterates in insertion order: what was heard of last goes to its end. */
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

  /** Whoever leaves the most gaps pays with the older half of them. */
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
