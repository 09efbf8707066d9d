import { ConfigError } from '../process/errors.ts';
import type { Span } from './tree.ts';

/** Says why an expression is no filter. `column` counts from 1. The message shows the expression with the place marked. */
export class FilterError extends ConfigError {
  readonly column: number;

  constructor(code: string, problem: string, expression: string, { start, end }: Span) {
    // The expression may come from anywhere and goes to a terminal. A blank for each control, so that the carets stay in their place.
    const plain = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
    const caret = ' '.repeat(start) + '^'.repeat(Math.max(1, end - start));
    super(code, `column ${start + 1} of the filter: ${plain(problem)}\n  ${plain(expression)}\n  ${caret}`);
    this.column = start + 1;
  }
}
