// The options of subcommands that take filters.
import { parseBudget } from '../kernel/budget.ts';
import { ANY_NAMES } from './names.ts';
import { parseFilter } from './parse.ts';

/** What is wrong with an expression whatever it names is said before anything is opened. */
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
