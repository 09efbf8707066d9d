// What only a kernel source offers: filters and budgets in the BPF programs, the loader's tally, and dropping privileges.
import type { FilterCounters, Kind } from '../../bpf/rows/rows.gen.ts';
import type { DetailKind } from '../contract/detail.ts';
import type { Names } from '../filter/names.ts';
import type { Rights } from '../host/privileges.ts';
import type { Budget } from './budget.ts';

/** Filters in the kernel, in FILTER_SLOTS slots. They can be set, replaced and removed while the programs run. */
export type KernelFilters = {
  /** The present meaning of names on this host. */
  names(): Names;
  /**
   * Replaces the filter in the slot. `program`: from compileFilter(). `only_details`: the filter is not applied to rows of every event, and
   * rows that its budget withholds are not counted.
   */
  set(slot: number, program: Uint8Array, budget: Budget, only_details?: boolean): void;
  clear(slot: number): void;
  /** What each kind may write when no filter wants the row. */
  budgets(budgets: Partial<Readonly<Record<Kind, Budget>>>): void;
  /** true: only rows that a filter matches are written. false: all are, and each row's head says which filters match it. */
  exclusive(on: boolean): void;
  /**
   * From now on rows that the filter in slot FILTER_SCOPE does not match are not written; it asks for no row by itself, and its budget pays
   * for none.
   */
  scope(): void;
  /** Has rows of the kind written for what the filters in these slots match, a bit each; 0 ends it. */
  detail(kind: DetailKind, slots: number): void;
  /** Has the `stack` rows of the filters in these slots, a bit each, also say the process's own stack. */
  userStacks(slots: number): void;
  /** Counters since the filter was set, also of one that was cleared until another is set; `expired`: its end has passed. */
  counters(slot: number): FilterCounters & { expired: boolean };
};

/** The loader's tally: it aggregates rows while it takes them out of the rings. */
export type KernelTally = {
  /** Starts with empty groups. `program`: from tallyProgram(). */
  start(program: Uint8Array): void;
  /** Copies groups from number `from` on, as many as fit, and returns the bytes. A group keeps its number. */
  groups(from: number, into: Uint8Array): number;
  /** From now on a thread of the loader tallies and discards rows of events every so many ms; drains return only rows of sweeps. */
  countAlone(interval_ms: number): void;
  /** The kernel's name of a reason that rows of the kind have as a number. */
  reasonOf(kind: Kind, code: number): string;
};

export type KernelControls = {
  readonly filters: KernelFilters;
  readonly tally: KernelTally;
  /** Drops the privileges that are not needed any more, in all threads; `own_netns`: also those to enter other namespaces. */
  restrict(own_netns: boolean): Rights;
};
