// Budgets: how many rows a second may be written of a kind, or for a filter. The kernel enforces them, as token buckets.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { type BudgetText, budgetIn, budgetsIn } from '../contract/setting-form.ts';
import { ConfigError } from '../process/errors.ts';

/** `rows_per_s` 0: no limit. `burst`: how many rows may come at once; 0 beside another `rows_per_s`: none at all. */
export type Budget = { rows_per_s: number; burst: number };

export const NO_LIMIT: Budget = { rows_per_s: 0, burst: 0 };
const NO_ROW: Budget = { rows_per_s: 1, burst: 0 };

/**
 * Rows a second of the kinds with which anyone on the network, or a busy host, can cause a flood. Counters in connection and sample rows
 * include the events whose rows are withheld, so only detail is lost. The other kinds have no limit: connection and retransmit rows are the
 * account of what happened, and sweeps bound the number of theirs.
 */
const DEFAULTS: Partial<Record<Kind, number>> = { drop: 1000, congestion: 5000, reset: 5000, state_change: 20_000 };

/** The burst is one second's rows. */
export function budgetOf(rows_per_s: BudgetText): Budget {
  if (rows_per_s === 'none') return NO_LIMIT;
  return rows_per_s === 'off' ? NO_ROW : { rows_per_s, burst: rows_per_s };
}

/** Whether the kind is switched off: its rows are withheld on purpose. */
export function isOff({ rows_per_s, burst }: Budget): boolean {
  return rows_per_s > 0 && burst === 0;
}

/** The budget of a filter: "100/s" or "none". */
export function parseBudget(text: string): Budget {
  if (text === 'off') throw new ConfigError('bad_value', 'a filter that lets no row pass shows nothing: write 100/s, or none for no limit');
  return budgetOf(budgetIn(text));
}

export const DEFAULT_BUDGETS = Object.entries(DEFAULTS)
  .map(([kind, rows_per_s]) => `${kind}=${rows_per_s}/s`)
  .join(',');

/** "drop=2000/s,reset=none,congestion=off": the kinds that are not named keep their defaults. */
export function parseBudgets(text: string): Record<Kind, Budget> {
  const named = budgetsIn(KIND, text);
  return eachKind((kind) => budgetOf(named.get(kind) ?? DEFAULTS[kind] ?? 'none'));
}
