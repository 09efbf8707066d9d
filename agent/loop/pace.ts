// How often to look: arithmetic on what looking has cost and found. Times in milliseconds.

/** What one processor writes into a ring in a millisecond when it does little else; refused connects give the most. */
const RING_BYTES_PER_CPU_MS = 20_000;

/** Between two drains while rows come. With 250 ms for a batch it bounds how old a row is when it leaves the host. */
export const DRAIN_MS_MAX = 50;
const DRAIN_MS_MIN = 5;

/** Time between two drains while rows come: at most what all processors together need to fill half of a ring. */
export function drainIntervalMs(ring_bytes: number, cpus: number): number {
  const half_full_ms = ring_bytes / 2 / (RING_BYTES_PER_CPU_MS * cpus);
  return Math.min(DRAIN_MS_MAX, Math.max(DRAIN_MS_MIN, Math.floor(half_full_ms)));
}

/** A sweep comes at most this many times later than it should. */
export const STRETCH_MAX = 6;

/** Of the budget, what sweeps have however much the process does otherwise. */
const SWEEPS_SHARE_MIN = 1 / 4;

/**
 * How many times further apart sweeps come for the collector's sake: twice as far with each sweep after which it asked for less, half
 * as far with each after which it took all there was.
 */
function pressureAfter(pressure: number, answer: 'busy' | 'accepted' | undefined): number {
  if (answer === undefined) return pressure;
  return answer === 'busy' ? Math.min(STRETCH_MAX, pressure * 2) : Math.max(1, pressure / 2);
}

/**
 * Time between the starts of two sweeps with which the process stays within its budget. Only sweeps give way: what
 * happens cannot be put off.
 * @param budget - share of one processor
 * @param sweep_ms - CPU of the last sweep, from its start until its last row was handed on
 * @param others - share of one processor that went into all else meanwhile
 */
export function sweepIntervalMs(wanted_ms: number, budget: number, sweep_ms: number, others: number): number {
  const share = Math.max(budget - others, budget * SWEEPS_SHARE_MIN);
  return Math.min(Math.max(wanted_ms, sweep_ms / share), wanted_ms * STRETCH_MAX);
}

export type Clock = {
  /** now, and the CPU that the process has used so far */
  now_ms(): number;
  cpu_ms(): number;
};

export const PROCESS_CLOCK: Clock = {
  now_ms: () => performance.now(),
  cpu_ms() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** When the next sweep is due, and what sweeps have cost. */
export class SweepPace {
  /** between the starts of two sweeps, as it is now */
  interval_ms: number;
  /** how many times longer the collector makes it: 1 where it takes what comes */
  pressure = 1;
  sweeps = 0;
  /** CPU of all sweeps */
  cpu_ms = 0;
  readonly #wanted_ms: number;
  readonly #budget: number;
  readonly #clock: Clock;
  #began: { at_ms: number; cpu_ms: number } | undefined;
  #last_sweep_ms = 0;
  #others = 0;
  #answer: 'busy' | 'accepted' | undefined;

  /** @param budget - share of one processor; Infinity leaves the interval as it is */
  constructor(wanted_ms: number, budget = Number.POSITIVE_INFINITY, clock = PROCESS_CLOCK) {
    this.interval_ms = wanted_ms;
    this.#wanted_ms = wanted_ms;
    this.#budget = budget;
    this.#clock = clock;
  }

  /** What the collector said to a batch since the last sweep; one that was too much outweighs the others. */
  answered(answer: 'busy' | 'accepted'): void {
    if (this.#answer !== 'busy') this.#answer = answer;
  }

  /** Milliseconds until the next sweep; 0 when it is due. */
  dueInMs(): number {
    return this.#began === undefined ? 0 : Math.max(0, this.#began.at_ms + this.interval_ms - this.#clock.now_ms());
  }

  begin(): void {
    const now = { at_ms: this.#clock.now_ms(), cpu_ms: this.#clock.cpu_ms() };
    if (this.#began !== undefined) {
      const used_ms = now.cpu_ms - this.#began.cpu_ms - this.#last_sweep_ms;
      this.#others = Math.max(0, used_ms) / Math.max(1, now.at_ms - this.#began.at_ms);
    }
    this.#began = now;
  }

  /** The last row of the sweep has been handed on. */
  end(): void {
    this.#last_sweep_ms = this.#clock.cpu_ms() - (this.#began?.cpu_ms ?? 0);
    this.sweeps++;
    this.cpu_ms += this.#last_sweep_ms;
    this.pressure = pressureAfter(this.pressure, this.#answer);
    this.#answer = undefined;
    const by_cpu_ms = sweepIntervalMs(this.#wanted_ms, this.#budget, this.#last_sweep_ms, this.#others);
    this.interval_ms = Math.max(by_cpu_ms, this.#wanted_ms * this.pressure);
  }
}
