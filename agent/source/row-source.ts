// Where rows come from: the kernel (kernel/ring-source.ts) or a recording (recording/replay-source.ts). Code behind a source sees only this
// type, needs no root and cannot tell the two apart: a recording answers every call truthfully, with an empty answer if need be.
import type { Kind, KindCounters } from '../../bpf/rows/rows.gen.ts';
import type { NetnsEntity } from '../contract/agent-report.ts';

/** A place in the kernel to which a program is attached; `reason` says why it is not, and is empty where it is. */
export type Hook = { name: string; attached: boolean; reason: string };

/** A network namespace that could not be swept, and why: the name of an errno. */
export type NetnsRefusal = { inode: number; name: string; reason: string };

export type RowSource = {
  readonly host_id: bigint;
  /** the name of the host that the rows are of, and the release of its kernel */
  readonly host: { readonly name: string; readonly kernel: string };
  /** what a recording lacks or replays differently, a sentence each; empty for the kernel */
  readonly notices: readonly string[];
  /** whether rows that are not drained wait, as those of a recording do; the kernel's get lost when their ring is full */
  readonly waits: boolean;
  /** Copies whole rows of one kind into `into`, returns bytes; 0 when there is nothing. */
  drain(kind: Kind, into: Uint8Array): number;
  /** Whether a sweep is not finished: drain('sample', …) then returns 0 between two slices of it, so that the rings can be drained. */
  sweeping(): boolean;
  /** Starts a sweep over all live sockets, whose rows drain('sample', …) then returns. */
  sweep(): void;
  /** Counters of each kind since the source was opened. */
  counters(): Record<Kind, KindCounters>;
  hooks(): readonly Hook[];
  /** events by hook that reached no program, because one was running on that processor already */
  misses(): ReadonlyMap<string, number>;
  /** fields that only some kernels provide; `attached`: this one does */
  fields(): readonly Hook[];
  netns(): readonly NetnsEntity[];
  /** namespaces that the last sweep could not enter */
  netns_refused(): readonly NetnsRefusal[];
  /** Calls back once when a ring has rows, at once where the source cannot tell. A new callback replaces one that still waits. */
  onceRows(callback: () => void): void;
  /** true when the last row of a replay was drained; never for the kernel */
  ended(): boolean;
  close(): void;
};
