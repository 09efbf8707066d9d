// Filters beside a source for as long as it runs: in the kernel, or over a recording, which has none behind it.
import { FILTER_SLOTS, type FilterCounters, HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { Budget } from '../kernel/budget.ts';
import type { KernelFilters } from '../kernel/controls.ts';
import { ConfigError } from '../process/errors.ts';
import { compileFilter } from './compile.ts';
import type { NamedEntities } from './entity-names.ts';
import { parseFilter } from './parse.ts';
import { markRows, RecordedNames } from './recorded.ts';

export type FilterAccount = FilterCounters & { filter: string; expired: boolean };

export type FilterRun = {
  /** The rows among these that a filter wants, moved to the front; their heads say which filters. */
  wanted(kind: Kind, rows: Uint8Array): Uint8Array;
  /** Each filter's, in the order they were given. */
  account(): FilterAccount[];
};

export type FilterOptions = {
  expressions: readonly string[];
  /** the only ones that are asked for */
  kinds: readonly Kind[];
  /** of each filter, in the kernel */
  budget: Budget;
  /** after which the kernel stops evaluating them by itself */
  duration_ms: number | undefined;
};

/**
 * From now on the kernel writes only rows that a filter wants.
 * @throws FilterError for an expression that cannot be evaluated, AgentError when the kernel refuses it
 */
export function filterInKernel(kernel: KernelFilters, { expressions, kinds, budget, duration_ms }: FilterOptions): FilterRun {
  checkCount(expressions);
  const names = kernel.names();
  const end_ms = duration_ms === undefined ? undefined : Date.now() + duration_ms;
  const programs = expressions.map((text, slot) => compileFilter(parseFilter(text, names, kinds), text, BigInt(slot), end_ms));
  for (const [slot, program] of programs.entries()) kernel.set(slot, program, budget);
  kernel.exclusive(true);
  return {
    // Rows from before the filters are still in the rings: nobody wants them.
    wanted: pick,
    account: () => expressions.map((filter, slot) => ({ filter, ...kernel.counters(slot) })),
  };
}

/**
 * Over rows that no kernel filters, a recording's: they are all given, and those that a filter wants are picked here.
 * @param named - what the recording calls its cgroups and namespaces
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

function pick(kind: Kind, rows: Uint8Array): Uint8Array {
  const { size } = KINDS[kind];
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  let kept = 0;
  for (let at = 0; at < rows.length; at += size) {
    if (view.getUint32(at + HEAD_AT.filters, true) === 0) continue;
    rows.copyWithin(kept, at, at + size);
    kept += size;
  }
  return rows.subarray(0, kept);
}
