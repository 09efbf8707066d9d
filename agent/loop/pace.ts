// How often to drain and to sweep: arithmetic on the CPU time that sweeps cost and on the collector's answers. Times in milliseconds.

/** Bytes that one processor can write into a ring in a millisecond; refused connects write the most. */
const RING_BYTES_PER_CPU_MS = 20_000;

/** The longest time between two drains while rows come. With the 250 ms of a batch it bounds the age of a row that leaves the host. */
export const DRAIN_MS_MAX = 50;
const DRAIN_MS_MIN = 5;

/** Time between two drains while rows come: at most the time in which all processors together fill half of a ring. */
export function drainIntervalMs(ring_bytes: number, cpus: number): number {
  const half_full_ms = ring_bytes / 2 / (RING_BYTES_PER_CPU_MS * cpus);
  return Math.min(DRAIN_MS_MAX, Math.max(DRAIN_MS_MIN, Math.floor(half_full_ms)));
}

/** The interval between sweeps grows to at most this many times the configured one. */
export const STRETCH_MAX = 6;

/** The share of the CPU budget that is always left to sweeps, whatever else the process does. */
const SWEEPS_SHARE_MIN = 1 / 4;

/**
 * The factor by which the collector stretches the interval: doubled after each sweep since which it asked for less, halved after each since
 * which it accepted everything.
 */
function pressureAfter(pressure: number, answer: 'busy' | 'accepted' | undefined): number {
  if (answer === undefined) return pressure;
  return answer === 'busy' ? Math.min(STRETCH_MAX, pressure * 2) : Math.max(1, pressure / 2);
}

/**
 * The time between the starts of two sweeps with which the process stays within its CPU budget. Only sweeps can be made less often: the rate
 * of events is given.
 * @param budget - share of one processor
 * @param sweep_ms - CPU of the last sweep, from its start until its last row was handed on
 * @param others - share of one processor that everything else used meanwhile
 */
export function sweepIntervalMs(wanted_ms: number, budget: number, sweep_ms: number, others: number): number {
  const share = Math.max(budget - others, budget * SWEEPS_SHARE_MIN);
  return Math.min(Math.max(wanted_ms, sweep_ms / share), wanted_ms * STRETCH_MAX);
}

export type Clock = {
  /** the time, and the CPU time that the process has used so far */
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

/** Says when the next sweep is due, and counts what sweeps cost. */
export class SweepPace {
  /** the present time between the starts of two sweeps */
  interval_ms: number;
  /** the factor by which the collector stretches it; 1: not at all */
  pressure = 1;
  sweeps = 0;
  /** CPU time of all sweeps so far */
  cpu_ms = 0;
  /** the time between two sweeps without pressure and within the budget */
  wanted_ms: number;
  /** share of one processor */
  budget: number;
  readonly #clock: Clock;
  #began: { at_ms: number; cpu_ms: number } | undefined;
  #last_sweep_ms = 0;
  #others = 0;
  #answer: 'busy' | 'accepted' | undefined;

  /** @param budget - share of one processor; Infinity leaves the interval as it is */
  constructor(wanted_ms: number, budget = Number.POSITIVE_INFINITY, clock = PROCESS_CLOCK) {
    this.interval_ms = wanted_ms;
    this.wanted_ms = wanted_ms;
    this.budget = budget;
    this.#clock = clock;
  }

  /** Sets another wanted interval: it holds at once, stretched by the same factor as the one before. */
  want(wanted_ms: number): void {
    this.interval_ms = Math.round((this.interval_ms * wanted_ms) / this.wanted_ms);
    this.wanted_ms = wanted_ms;
  }

  /** An answer of the collector to a batch. One `busy` since the last sweep outweighs any number of `accepted`. */
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

  /** To be called when the last row of the sweep has been drained. */
  end(): void {
    this.#last_sweep_ms = this.#clock.cpu_ms() - (this.#began?.cpu_ms ?? 0);
    this.sweeps++;
    this.cpu_ms += this.#last_sweep_ms;
    this.pressure = pressureAfter(this.pressure, this.#answer);
    this.#answer = undefined;
    const by_cpu_ms = sweepIntervalMs(this.wanted_ms, this.budget, this.#last_sweep_ms, this.#others);
    this.interval_ms = Math.max(by_cpu_ms, this.wanted_ms * this.pressure);
  }
}
