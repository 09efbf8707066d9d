// The pause between attempts after a failure of the collector: longer with each failure in a row, or as long as the collector asks for.
import { Every, type Log } from '../process/log.ts';
import type { Answer } from './post.ts';
import { retryDelayMs } from './retry.ts';

const COMPLAINT_PERIOD_MS = 10_000;

export class BackOff {
  readonly #what: string;
  readonly #log: Log;
  readonly #onEnd: () => void;
  readonly #delay_ms_min: number | undefined;
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  #pause: NodeJS.Timeout | undefined;
  #failures = 0;

  /** `what`: the sort of batches that the collector does not take, for the log. `onEnd` is called when the next attempt may be made. */
  constructor(what: string, log: Log, onEnd: () => void, delayMsMin?: number) {
    this.#what = what;
    this.#log = log;
    this.#onEnd = onEnd;
    this.#delay_ms_min = delayMsMin;
  }

  get is_waiting(): boolean {
    return this.#pause !== undefined;
  }

  /** failures since the last success */
  get failures(): number {
    return this.#failures;
  }

  failed({ reason, retry_after_ms }: Answer): void {
    // Attempts that were under way together fail together: that is one failure.
    if (this.#pause !== undefined) return;
    this.#failures++;
    const delay = retry_after_ms ?? retryDelayMs(this.#failures, Math.random(), this.#delay_ms_min);
    this.complain(`the collector does not take ${this.#what}, next attempt in ${delay} ms: ${reason}`);
    this.#pause = setTimeout(() => this.end(), delay);
  }

  /** The collector has accepted or refused a batch: the next failure is the first one again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Ends the pause now, whatever is left of it. */
  end(): void {
    this.stop();
    this.#onEnd();
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  complain(message: string): void {
    this.#complaint.run(Date.now(), (held) => this.#log.warn({ held }, message));
  }
}
