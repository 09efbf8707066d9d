import { ConfigError } from '../../process/errors.ts';

/** A part of an expression, in characters. */
export type Span = { start: number; end: number };

/** What the grammar takes at a place, for messages. */
export const EXPECTED = {
  term: 'a field, "not" or "("',
  operator: 'an operator (=, !=, <, <=, >, >=, in, not in)',
  in: '"in"',
  value: 'a value',
  close: '")"',
  end: '"and", "or" or the end',
} as const;
export type Expected = keyof typeof EXPECTED;

/** Says why an expression is no filter. The message shows the expression with the place marked. */
export class FilterError extends ConfigError {
  /** counts from 1 */
  readonly column: number;
  /** what is wrong, without the place */
  readonly problem: string;
  readonly span: Span;
  /** what the grammar takes at the place, where it is the grammar that refuses */
  readonly expected: Expected | undefined;

  constructor(code: string, problem: string, expression: string, span: Span, expected?: Expected) {
    const { start, end } = span;
    // The expression may come from anywhere and goes to a terminal. A blank for each control, so that the carets stay in their place.
    const plain = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
    const caret = ' '.repeat(start) + '^'.repeat(Math.max(1, end - start));
    super(code, `column ${start + 1} of the filter: ${plain(problem)}\n  ${plain(expression)}\n  ${caret}`);
    this.column = start + 1;
    this.problem = plain(problem);
    this.span = span;
    this.expected = expected;
  }
}
