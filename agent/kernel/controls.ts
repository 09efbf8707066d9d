// What only a kernel can be told: which rows to write, to add them up by itself, and what this process may do from now on.
import type { FilterCounters } from '../../bpf/rows/rows.gen.ts';
import type { Names } from '../filter/names.ts';
import type { Rights } from '../host/privileges.ts';
import type { Budget } from './budget.ts';

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

/** A process, and the cgroup that its socket is of; 0: not known. */
export type Met = { pid: number; cgroup_id: bigint };

/** The kernel's rows are added up where they are taken out of the rings. */
export type KernelTally = {
  /** `program` is what tallyProgram() makes; what was counted before is forgotten */
  start(program: Uint8Array): void;
  /** Groups as the loader writes them, from number `from` on, as many as fit; returns bytes. A group keeps its number. */
  groups(from: number, into: Uint8Array): number;
  /** From now on rows of what happens are only counted, every so many ms, and drains give only those of sweeps. */
  countAlone(interval_ms: number): void;
  /** Who appeared in rows since the last call; `again`: from now on everyone is told once more. */
  met(again: boolean): Met[];
};

export type KernelControls = {
  readonly filters: KernelFilters;
  readonly tally: KernelTally;
  /** Gives up what the process was allowed to do and needs no more; `own_netns`: nor will it enter other namespaces. */
  restrict(own_netns: boolean): Rights;
};
