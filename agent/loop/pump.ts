// The one loop of an agent: sweeps every interval, drains in between, sleeps while nothing happens. Nothing in it waits for a network or a
// disk.

import type { RowSource } from '../source/row-source.ts';
import type { Drain, Found } from './drain.ts';
import { DRAIN_MS_MAX, SweepPace } from './pace.ts';

/** The first sleep after rows have stopped coming: as long as the oldest open batch may wait before it is cut. */
const QUIET_MS = 250;
/** The longest sleep. The first row in an empty ring ends it; should that wake-up fail, this bounds how long the row waits. */
const QUIET_MS_MAX = 1000;

export type PumpOptions = {
  source: RowSource;
  drain: Drain;
  /** between two sweeps, if there is no `pace` */
  interval_ms: number;
  pace?: SweepPace;
  /** between two drains while rows come */
  drain_ms?: number;
  stop: AbortSignal;
  /** called after each sweep and the round that follows it, when the rings are as empty as they get */
  onSweep?: () => void;
  /** called after each round */
  onRound?: () => void;
};

/** Runs until `stop` or the source's end, then drains once more. */
export async function pump({ source, drain, interval_ms, stop, onSweep, onRound, ...options }: PumpOptions): Promise<void> {
  const { pace = new SweepPace(interval_ms), drain_ms = DRAIN_MS_MAX } = options;
  const rest = new Rest(source, drain_ms, stop);
  let sweeping = false;
  while (!stop.aborted && !source.ended()) {
    // A sweep that takes longer than its interval is finished before the next begins: else namespaces would pile up unread.
    const due = pace.dueInMs() === 0 && !source.sweeping();
    if (due) {
      // Rows from before the sweep are drained first, so that their cost does not count as the sweep's.
      drain.round();
      pace.begin();
      source.sweep();
      sweeping = true;
    }
    const found = drain.round();
    if (due) onSweep?.();
    onRound?.();
    if (sweeping && found !== 'more') {
      pace.end();
      sweeping = false;
    }
    await rest.after(found, pace.dueInMs());
  }
  if (!source.ended()) drain.all();
}

/** The time between two rounds. */
class Rest {
  readonly #source: RowSource;
  readonly #drain_ms: number;
  readonly #stop: AbortSignal;
  #quiet_rounds = 0;
  #wakeUp = () => {};

  constructor(source: RowSource, drain_ms: number, stop: AbortSignal) {
    this.#source = source;
    this.#drain_ms = drain_ms;
    this.#stop = stop;
    stop.addEventListener('abort', () => this.#wakeUp(), { once: true });
  }

  async after(found: Found, due_ms: number): Promise<void> {
    this.#quiet_rounds = found === 'nothing' ? this.#quiet_rounds + 1 : 0;
    // Also during a storm the event loop must run, or no batch is sent.
    if (found === 'more') return this.#sleep(1);
    if (found === 'all') return this.#sleep(this.#drain_ms);
    let rows = false;
    this.#source.onceRows(() => {
      rows = true;
      this.#wakeUp();
    });
    if (!rows) await this.#sleep(Math.min(this.#quiet_rounds === 1 ? QUIET_MS : QUIET_MS_MAX, due_ms));
    // More rows usually follow the first: they are drained together.
    if (rows) await this.#sleep(this.#drain_ms);
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stop.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wakeUp = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
