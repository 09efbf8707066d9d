// Runs filters for as long as a source is read: in the kernel, or in this process over a recording.
import { FILTER_SCOPE, FILTER_SLOTS, type FilterCounters, HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { isDetail } from '../contract/detail.ts';
import { type Budget, NO_LIMIT } from '../kernel/budget.ts';
import type { KernelFilters } from '../kernel/controls.ts';
import { ConfigError } from '../process/errors.ts';
import { compileFilter } from './compile.ts';
import type { NamedEntities } from './entity-names.ts';
import { parseFilter } from './parse.ts';
import { markRows, RecordedNames } from './recorded.ts';

export type FilterAccount = FilterCounters & { filter: string; expired: boolean };

export type FilterRun = {
  /** Moves the rows that a filter matches to the front and returns them; their heads say which filters match. */
  wanted(kind: Kind, rows: Uint8Array): Uint8Array;
  /** The counters of each filter, in the order in which they were given. */
  account(): FilterAccount[];
};

export type FilterOptions = {
  expressions: readonly string[];
  /** the kinds that the command asks for */
  kinds: readonly Kind[];
  /** of each filter; only the kernel has budgets */
  budget: Budget;
  /** after this time the kernel stops evaluating the filters by itself */
  duration_ms: number | undefined;
};

/**
 * Sets the filters in the kernel: from now on it writes only rows that one of them matches.
 * @throws FilterError for an expression that cannot be evaluated, AgentError when the kernel refuses it
 */
export function filterInKernel(kernel: KernelFilters, { expressions, kinds, budget, duration_ms }: FilterOptions): FilterRun {
  checkCount(expressions);
  const names = kernel.names();
  const end_ms = duration_ms === undefined ? undefined : Date.now() + duration_ms;
  const programs = expressions.map((text, slot) => compileFilter(parseFilter(text, names, kinds), text, BigInt(slot), end_ms));
  for (const [slot, program] of programs.entries()) kernel.set(slot, program, budget);
  for (const kind of kinds) if (isDetail(kind)) kernel.detail(kind, (1 << programs.length) - 1);
  kernel.exclusive(true);
  return {
    // Rows that were written before the filters were set are still in the rings: they are dropped.
    wanted: pick,
    account: () => expressions.map((filter, slot) => ({ filter, ...kernel.counters(slot) })),
  };
}

/**
 * From now on the kernel writes only rows that the expression matches, and of these only those that it would write anyway. Rows that come
 * out have no bit of the scope: `filters` names who has asked for a row, and the scope asks for none.
 * @throws FilterError, AgentError as above
 */
export function scopeInKernel(kernel: KernelFilters, expression: string, kinds: readonly Kind[]): FilterRun['wanted'] {
  const program = compileFilter(parseFilter(expression, kernel.names(), kinds), expression, BigInt(FILTER_SCOPE), undefined);
  kernel.set(FILTER_SCOPE, program, NO_LIMIT);
  kernel.scope();
  return (kind, rows) => pick(kind, rows, 1 << FILTER_SCOPE);
}

/**
 * Filters the rows of a recording, which gives all of them, in this process.
 * @param named - the recording's names of cgroups and namespaces
 * @throws FilterError for an expression that cannot be evaluated
 */
export function filterRows({ expressions, kinds }: Pick<FilterOptions, 'expressions' | 'kinds'>, named: NamedEntities): FilterRun {
  checkCount(expressions);
  const names = new RecordedNames(named);
  const filters = expressions.map((text) => parseFilter(text, names, kinds));
  const counts = expressions.map((filter) => ({ filter, evaluated: 0, matched: 0, passed: 0, over_budget: 0, expired: false }));
  return {
    wanted(kind, rows) {
      markRows(filters, names, kind, rows, (index, matched) => {
        const count = counts[index];
        if (count === undefined) return;
        count.evaluated++;
        count.matched += Number(matched);
        count.passed += Number(matched);
      });
      return pick(kind, rows);
    },
    account: () => counts,
  };
}

function checkCount({ length }: readonly string[]): void {
  if (length > FILTER_SLOTS)
    throw new ConfigError('too_many_filters', `${length} filters are too many: at most ${FILTER_SLOTS} run at a time`);
}

/** Moves the rows that some filter wants to the front and returns them. @param cleared bits of `filters` that they are to lack then */
export function pick(kind: Kind, rows: Uint8Array, cleared = 0): Uint8Array {
  const { size } = KINDS[kind];
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  let kept = 0;
  for (let at = 0; at < rows.length; at += size) {
    const wanted = view.getUint32(at + HEAD_AT.filters, true);
    if (wanted === 0) continue;
    view.setUint32(at + HEAD_AT.filters, wanted & ~cleared, true);
    rows.copyWithin(kept, at, at + size);
    kept += size;
  }
  return rows.subarray(0, kept);
}
