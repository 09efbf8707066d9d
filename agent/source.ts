// Where rows come from: the kernel (ring-source.ts) or a recording (replay-source.ts). Everything after a source
// sees only this, needs no root and cannot tell the two apart.
import type { FilterCounters, Kind, KindCounters } from '../bpf/rows/rows.gen.ts';
import type { NetnsEntity } from './agent-report.ts';
import type { Budget } from './budget.ts';
import type { NamedEntities } from './filter/entity-names.ts';
import type { Names } from './filter/names.ts';
import type { Entities } from './host/entities.ts';
import type { Rights } from './host/privileges.ts';

/** One place in the kernel that a program wants to attach to; `reason` says why it could not, else is empty. */
export type Hook = { name: string; attached: boolean; reason: string };

/** What a recording says in place of what an agent finds out on its host. */
export type Recorded = {
  /** what to call the host, and the kernel that was watched */
  readonly host: string;
  readonly kernel: string;
  readonly names: Pick<Entities, 'look' | 'changes' | 'acknowledge'> & NamedEntities;
  /** what is not as it was recorded, a sentence each */
  readonly notices: readonly string[];
};

/** A network namespace that could not be swept, and why: the name of an errno. */
export type NetnsRefusal = { inode: number; name: string; reason: string };

/** Filters in the kernel, in FILTER_SLOTS slots. The programs run on while they are set, replaced and taken away. */
export type KernelFilters = {
  /** what names mean on this host, now */
  names(): Names;
  /** `program` is what compileFilter() makes. Replaces what is in the slot. */
  set(slot: number, program: Uint8Array, budget: Budget): void;
  clear(slot: number): void;
  /** true: only rows that a live filter wants are written. false: all, and heads say which filters want them. */
  exclusive(on: boolean): void;
  /** Since the filter was set; `expired` once its end has passed. */
  counters(slot: number): FilterCounters & { expired: boolean };
};

/** The kernel's rows are added up where they are taken out of the rings. */
export type KernelTally = {
  /** `program` is what tallyProgram() makes; what was counted before is forgotten */
  start(program: Uint8Array): void;
  /** Groups as the loader writes them, from number `from` on, as many as fit; returns bytes. A group keeps its number. */
  groups(from: number, into: Uint8Array): number;
  /** The kernel's name of a reason that rows of the kind have as a number. */
  reasonOf(kind: Kind, code: number): string;
  /** From now on rows of what happens are only counted, every so many ms, and drains give only those of sweeps. */
  countAlone(interval_ms: number): void;
};

export type RowSource = {
  readonly host_id: bigint;
  /** only of a replay */
  readonly recorded?: Recorded;
  /** Copies whole rows of one kind into `into`, returns bytes; 0 when there is nothing. */
  drain(kind: Kind, into: Uint8Array): number;
  /** Whether a sweep is under way: then 0 samples only means that the rings get their turn. Absent: drains end sweeps. */
  sweeping?(): boolean;
  /** Starts a sweep over all live sockets; its rows then come from drain('sample', …). */
  sweep(): void;
  /** Of each kind since the source was opened. */
  counters(): Record<Kind, KindCounters>;
  /** only of the kernel */
  readonly filters?: KernelFilters;
  /** only of the kernel */
  readonly tally?: KernelTally;
  hooks(): readonly Hook[];
  /** events of each hook that no program saw, for its processor was in it already; absent where nothing is hooked */
  misses?(): ReadonlyMap<string, number>;
  /** what only some kernels tell; `attached` says that this one does */
  fields(): readonly Hook[];
  netns(): readonly NetnsEntity[];
  /** of the last sweep; only the kernel has namespaces to enter */
  netns_refused?(): readonly NetnsRefusal[];
  /** Calls back once when a row waits, the latest callback only. A source without is asked again and again. */
  onceRows?(callback: () => void): void;
  /** Gives up what the process was allowed to do and needs no more; `own_netns`: nor will it enter other namespaces. */
  restrict?(own_netns: boolean): Rights;
  /** true when a replay has given its last row; never for the kernel */
  ended(): boolean;
  close(): void;
};
