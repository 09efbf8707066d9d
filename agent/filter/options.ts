// The options of commands that take filters.
import { parseBudget } from '../kernel/budget.ts';
import { ANY_NAMES } from './names.ts';
import { parseFilter } from './parse.ts';

/** Reports errors that do not depend on the meaning of names while options are parsed, before a source is opened. */
function parseExpressions(text: string, before: readonly string[] = []): readonly string[] {
  parseFilter(text, ANY_NAMES);
  return [...before, text];
}

export const FILTER_OPTIONS = {
  filter: {
    flags: '--filter <expression>',
    help: 'only rows that this is true of, or another --filter',
    parse: parseExpressions,
  },
  filterBudget: {
    flags: '--filter-budget <budget>',
    help: 'rows a second that each filter may come to, or "none"',
    parse: parseBudget,
    fallback: '10000/s',
  },
} as const;
