// The log of a process: JSON lines on stderr, so that stdout stays for what a command prints.
import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from './log-levels.ts';
import { escapeLines } from './terminal-text.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export function createLog(level: LogLevel): Logger {
  // Synchronous, so that the last lines before an exit are written: they are the ones that matter.
  return pino({ level, base: null, hooks: { streamWrite: escapeLines } }, destination({ dest: 2, sync: true }));
}

/** Runs at most one call a period and counts those that it skipped: for trouble that repeats with every batch. */
export class Every {
  readonly #period_ms: number;
  #next_ms = 0;
  #held = 0;

  constructor(period_ms: number) {
    this.#period_ms = period_ms;
  }

  run(now_ms: number, call: (held: number) => void): void {
    if (now_ms < this.#next_ms) {
      this.#held++;
      return;
    }
    this.#next_ms = now_ms + this.#period_ms;
    call(this.#held);
    this.#held = 0;
  }
}
