// The answer to a question that is asked again and again. While the answer to another question is awaited the old one is marked as old; it
// goes when none comes, so that no figures are shown under a filter that they are not of.
import { ApiError } from './api-error.ts';
import { type Polling, startPolling } from './poll.ts';
import { refusedFilter } from './refused-filter.svelte.ts';
import { view } from './view.svelte.ts';

export class Asked<Answer> {
  #kept = $state.raw<{ key: string; answer: Answer; arrived_ms: number } | null>(null);
  #key = $state('');
  /** No answer to this question has come yet. */
  loading = $state(true);
  /** When it was first asked, ms. */
  asked_ms = $state(Date.now());
  /** The last refusal, and since when every attempt has been refused. */
  problem = $state.raw<{ message: string; since_ms: number } | null>(null);
  /** Ends the attempt under way. */
  signal = $state.raw<AbortSignal | null>(null);
  #polling: Polling | undefined;

  answer = $derived.by((): Answer | null => this.#kept?.answer ?? null);
  arrived_ms = $derived.by((): number => this.#kept?.arrived_ms ?? 0);
  /** What is shown is the answer to an earlier question. */
  isOld = $derived.by((): boolean => this.#kept !== null && this.#kept.key !== this.#key);

  /**
   * Asks at once and then every `every_ms`.
   * @param key identifies the question @param ask undefined: nothing is to be asked now. @returns how to stop
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

  /** Gives the attempt under way up, and asks no more until `again`. */
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

  /** Takes an answer that came without being asked for. */
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
