// Shows progress: on a terminal a line that is overwritten, elsewhere a new line for each change.
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

  /** Prints a line that is not overwritten. */
  line(text: string): void {
    this.#output.write(`${this.#output.isTTY ? CLEAR : ''}${escapeControls(text)}\n`);
  }

  /** `head` may change every time and is shown on a terminal only. A change of `told` is news. */
  now({ head, told }: { head: string; told: string }): void {
    if (this.#output.isTTY) {
      const shown = [...escapeControls(`${head}${told}`)].slice(0, (this.#output.columns ?? COLUMNS) - 1).join('');
      this.#output.write(`${CLEAR}${shown}`);
    } else if (told !== this.#last) this.#output.write(`${escapeControls(told)}\n`);
    this.#last = told;
  }

  /** Removes the line of progress. */
  done(): void {
    if (this.#output.isTTY) this.#output.write(CLEAR);
  }
}
