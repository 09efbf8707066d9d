// The answer to a question that is repeated at intervals. After a change of the question, the old answer is marked as old until the new one
// arrives. If the new question is refused, the old answer is dropped, so that no figures are shown under a filter that they do not belong
// to.
import { ApiError } from './api-error.ts';
import { type Polling, startPolling } from './poll.ts';
import { refusedFilter } from './refused-filter.svelte.ts';
import { view } from './view.svelte.ts';

export class Asked<Answer> {
  #kept = $state.raw<{ key: string; answer: Answer; arrived_ms: number } | null>(null);
  #key = $state('');
  /** Until the first answer to this question, or its refusal. */
  loading = $state(true);
  /** when the question was first asked, ms */
  asked_ms = $state(Date.now());
  /** the last refusal; `since_ms`: when the first of the refusals in a row came */
  problem = $state.raw<{ message: string; since_ms: number } | null>(null);
  /** aborts the current attempt */
  signal = $state.raw<AbortSignal | null>(null);
  #polling: Polling | undefined;

  answer = $derived.by((): Answer | null => this.#kept?.answer ?? null);
  arrived_ms = $derived.by((): number => this.#kept?.arrived_ms ?? 0);
  /** The shown answer is that to an earlier question. */
  isOld = $derived.by((): boolean => this.#kept !== null && this.#kept.key !== this.#key);

  /**
   * Asks at once and then every `every_ms`.
   * @param key identifies the question @param ask returns undefined if there is nothing to ask now. @returns stops it
   */
  follow(key: string, every_ms: number, ask: (signal: AbortSignal) => Promise<Answer | undefined>): () => void {
    if (key !== this.#key) this.#begin(key);
    const polling = startPolling((signal) => this.#ask(key, ask, signal), every_ms);
    this.#polling = polling;
    return polling.stop;
  }

  every(every_ms: number): void {
    this.#polling?.every(every_ms);
  }

  /** Ends the current attempt, and asks no more until `again`. */
  stop(): void {
    this.#polling?.halt();
    if (this.isOld) this.#kept = null;
    this.loading = false;
    this.problem = { message: 'You stopped this before it was answered.', since_ms: Date.now() };
  }

  again(): void {
    this.#begin(this.#key);
    this.#polling?.now();
  }

  /** Accepts an answer that came by other means, as by the live feed. */
  take(key: string, answer: Answer): void {
    this.#kept = { key, answer, arrived_ms: Date.now() };
    if (key !== this.#key) return;
    this.loading = false;
    this.problem = null;
  }

  #begin(key: string): void {
    this.#key = key;
    this.loading = true;
    this.asked_ms = Date.now();
    if (this.#kept === null || this.isOld) this.problem = null;
  }

  async #ask(key: string, ask: (signal: AbortSignal) => Promise<Answer | undefined>, signal: AbortSignal): Promise<void> {
    this.signal = signal;
    try {
      const answer = await ask(signal);
      if (answer !== undefined && !signal.aborted) this.take(key, answer);
    } catch (cause) {
      if (signal.aborted) return;
      if (this.isOld) this.#kept = null;
      if (cause instanceof ApiError && cause.span)
        refusedFilter.tell({ filter: view.state.filter, message: cause.message, span: cause.span });
      this.loading = false;
      this.problem = {
        message: cause instanceof ApiError ? cause.message : String(cause),
        since_ms: this.problem?.since_ms ?? Date.now(),
      };
    }
  }
}
