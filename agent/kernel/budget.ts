// What may be written in a second: by a kind of row when no filter wants it, or by a filter. The kernel holds them.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { ConfigError } from '../process/errors.ts';

/** `rows_per_s` 0: whatever comes. `burst` is how many may come at once. */
export type Budget = { rows_per_s: number; burst: number };

const NO_LIMIT: Budget = { rows_per_s: 0, burst: 0 };
/** The kernel counts in whole nanoseconds between rows. */
const ROWS_PER_S_MAX = 1_000_000;

/**
 * Of kinds that anyone on the network or a busy host can make flood. What they are short of is in the connections' and
 * samples' own counters, so it is the detail that goes and not the sum. The other kinds have no limit: connection,
 * retransmit and reset rows are the account of what happened, and the sweeps bound theirs.
 */
const DEFAULTS: Partial<Record<Kind, number>> = { drop: 1000, congestion: 5000, reset: 5000, state_change: 20_000 };

/** One second's rows may come at once. */
export function budgetOf(rows_per_s: number): Budget {
  return { rows_per_s, burst: rows_per_s };
}

/** "100/s" or "none". */
export function parseBudget(text: string): Budget {
  if (text === 'none') return NO_LIMIT;
  const rows_per_s = Number(/^(\d{1,7})\/s$/.exec(text)?.[1]);
  if (rows_per_s >= 1 && rows_per_s <= ROWS_PER_S_MAX) return budgetOf(rows_per_s);
  throw new ConfigError('bad_value', `"${text}" is no budget: write rows a second from 1/s to ${ROWS_PER_S_MAX}/s, like 100/s, or none`);
}

export const DEFAULT_BUDGETS = Object.entries(DEFAULTS)
  .map(([kind, rows_per_s]) => `${kind}=${rows_per_s}/s`)
  .join(',');

/** "drop=2000/s,reset=none": the kinds that are not named keep their defaults. */
export function parseBudgets(text: string): Record<Kind, Budget> {
  const budgets = eachKind((kind) => budgetOf(DEFAULTS[kind] ?? 0));
  for (const part of text.split(',')) {
    const [name = '', budget = ''] = part.split('=');
    const kind = KIND.find((each) => each === name);
    if (kind === undefined)
      throw new ConfigError('bad_value', `"${part}" budgets no kind of row: write KIND=ROWS/s with one of ${KIND.join(', ')}`);
    budgets[kind] = parseBudget(budget);
  }
  return budgets;
}
