// Budgets: how many rows a second may be written of a kind, or for a filter. The kernel enforces them, as token buckets.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { ConfigError } from '../process/errors.ts';

/** `rows_per_s` 0: no limit. `burst`: how many rows may come at once. */
export type Budget = { rows_per_s: number; burst: number };

const NO_LIMIT: Budget = { rows_per_s: 0, burst: 0 };
/** The kernel's bucket counts whole nanoseconds between rows. */
const ROWS_PER_S_MAX = 1_000_000;

/**
 * Rows a second of the kinds with which anyone on the network, or a busy host, can cause a flood. Counters in connection and sample rows
 * include the events whose rows are withheld, so only detail is lost. The other kinds have no limit: connection and retransmit rows are the
 * account of what happened, and sweeps bound the number of theirs.
 */
const DEFAULTS: Partial<Record<Kind, number>> = { drop: 1000, congestion: 5000, reset: 5000, state_change: 20_000 };

/** The burst is one second's rows. */
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
