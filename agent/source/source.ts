// An open source of rows, and how what comes beside its rows is done: by the kernel (from-kernel.ts), or here, over a recording that has
// no kernel behind it (from-recording.ts). Commands compose these and ask no source what it can do.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { FilterOptions, FilterRun } from '../filter/run.ts';
import type { EntityNames } from '../host/entities.ts';
import type { Rights } from '../host/privileges.ts';
import type { Tally } from '../metrics/row-series.ts';
import type { ConnectionOptions } from '../metrics/tally-plan.ts';
import type { RowSource } from './row-source.ts';
import type { Unseen } from './unseen.ts';

export type Source = {
  readonly rows: RowSource;
  /** of the processes, cgroups and namespaces in rows */
  names(): EntityNames;
  /** From now on only rows that a filter wants are given, or can be picked. */
  filter(options: FilterOptions): FilterRun;
  /** Adds rows up from now on. */
  tally(options: ConnectionOptions): Tally;
  /** Nobody takes rows one by one: those of what happens need only be added up, every so many ms. */
  tallyOnly(interval_ms: number): void;
  /** What cannot be seen of some kinds, as far as the source has not said it in its notices. */
  unseen(kinds: ReadonlySet<Kind>): Unseen;
  /** Gives up what the process may do and needs no more; `own_netns`: nor will it enter other namespaces. Undefined: it needed nothing. */
  restrict(own_netns: boolean): Rights | undefined;
};
