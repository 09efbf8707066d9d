// A source of rows together with its filters, tallies and names. For the kernel, BPF programs and the loader do that work (from-kernel.ts);
// for a recording it is done in this process (from-recording.ts). Commands use this type and need not ask which of the two it is.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { FilterOptions, FilterRun } from '../filter/run.ts';
import type { EntityNames } from '../host/entities.ts';
import type { Rights } from '../host/privileges.ts';
import type { Budget } from '../kernel/budget.ts';
import type { KernelFilters } from '../kernel/controls.ts';
import type { Tally } from '../metrics/row-series.ts';
import type { ConnectionOptions } from '../metrics/tally-plan.ts';
import type { RowSource } from './row-source.ts';
import type { Unseen } from './unseen.ts';

export type Source = {
  readonly rows: RowSource;
  /** those of the kernel; a recording has none */
  readonly kernel_filters: KernelFilters | undefined;
  /** Looks up names of the processes, cgroups and namespaces in rows. */
  names(): EntityNames;
  /** Starts filters: from now on drained rows have to pass `FilterRun.wanted`, which picks those that a filter matches. */
  filter(options: FilterOptions): FilterRun;
  /** Narrows the source: from now on drained rows have to pass the function, which picks those that the expression matches. */
  scope(expression: string, kinds: readonly Kind[]): FilterRun['wanted'];
  /** How many rows a second of each kind may come from now on; a recording has no budgets. */
  budget(budgets: Readonly<Record<Kind, Budget>>): void;
  /** Starts a tally, which aggregates rows for metrics. */
  tally(options: ConnectionOptions): Tally;
  /** Says that only the tally reads rows of events: the loader may take them out of the rings every so many ms, without this process. */
  tallyOnly(interval_ms: number): void;
  /** What cannot be seen of these kinds; nothing for a recording, whose notices say it. */
  unseen(kinds: ReadonlySet<Kind>): Unseen;
  /**
   * Drops the privileges that are not needed any more; `own_netns`: also those to enter other namespaces. Returns what is left, or undefined
   * where none were needed.
   */
  restrict(own_netns: boolean): Rights | undefined;
};
