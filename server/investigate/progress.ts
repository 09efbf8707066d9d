// How far something is, for whoever waits: one line that changes on a terminal, and elsewhere a line for each change.
import { escapeControls } from '../../agent/process/terminal-text.ts';

type Output = { isTTY?: boolean | undefined; columns?: number | undefined; write(text: string): unknown };

const COLUMNS = 80;
const CLEAR = '\r\u001b[K';

export class Progress {
  readonly #output: Output;
  #last = '';

  constructor(output: Output) {
    this.#output = output;
  }

  /** A line that stays. */
  line(text: string): void {
    this.#output.write(`${this.#output.isTTY ? CLEAR : ''}${escapeControls(text)}\n`);
  }

  /** `head` changes each time, `told` only when there is news. */
  now({ head, told }: { head: string; told: string }): void {
    if (this.#output.isTTY) {
      const shown = [...escapeControls(`${head}${told}`)].slice(0, (this.#output.columns ?? COLUMNS) - 1).join('');
      this.#output.write(`${CLEAR}${shown}`);
    } else if (told !== this.#last) this.#output.write(`${escapeControls(told)}\n`);
    this.#last = told;
  }

  /** Nothing changes any more. */
  done(): void {
    if (this.#output.isTTY) this.#output.write(CLEAR);
  }
}
