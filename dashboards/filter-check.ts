// Checks a filter's text. Errors that depend on the store's data are found by the collector.
import { parseExpression } from '../agent/contract/language/bind.ts';
import { FilterError, type Span } from '../agent/contract/language/filter-error.ts';

export type FilterProblem = { message: string; span: Span };

export const problemOf = (filter: string): FilterProblem | undefined => problemBy((text) => parseExpression(text, 'rows'), filter);

/** @throws errors of `parse` that are no FilterError */
export function problemBy(parse: (text: string) => unknown, text: string): FilterProblem | undefined {
  if (text === '') return undefined;
  try {
    parse(text);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof FilterError)) throw cause;
    return { message: cause.message.split('\n')[0] ?? '', span: cause.span };
  }
}
