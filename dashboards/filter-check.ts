// What is wrong with a filter, as far as its text tells; what only the store knows, the collector says.
import { parseExpression } from '../agent/contract/language/bind.ts';
import { FilterError, type Span } from '../agent/contract/language/filter-error.ts';

export type FilterProblem = { message: string; span: Span };

export function problemOf(filter: string): FilterProblem | undefined {
  if (filter === '') return undefined;
  try {
    parseExpression(filter, 'rows');
    return undefined;
  } catch (cause) {
    if (!(cause instanceof FilterError)) throw cause;
    return { message: cause.message.split('\n')[0] ?? '', span: cause.span };
  }
}
