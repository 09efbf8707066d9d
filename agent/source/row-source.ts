// Where rows come from: the kernel (kernel/ring-source.ts) or a recording (recording/replay-source.ts). What comes after a source sees only
// this, needs no root and cannot tell the two apart: a recording has a true answer to every question, an empty one if need be.
import type { Kind, KindCounters } from '../../bpf/rows/rows.gen.ts';
import type { NetnsEntity } from '../contract/agent-report.ts';

/** One place in the kernel that a program wants to attach to; `reason` says why it could not, else is empty. */
export type Hook = { name: string; attached: boolean; reason: string };

/** A network namespace that could not be swept, and why: the name of an errno. */
export type NetnsRefusal = { inode: number; name: string; reason: string };

export type RowSource = {
  readonly host_id: bigint;
  /** what to call the host, and the kernel that is or was watched */
  readonly host: { readonly name: string; readonly kernel: string };
  /** what is not as it happened, a sentence each: of a recording */
  readonly notices: readonly string[];
  /** rows that nobody takes wait; those of the kernel get lost */
  readonly waits: boolean;
  /** Copies whole rows of one kind into `into`, returns bytes; 0 when there is nothing. */
  drain(kind: Kind, into: Uint8Array): number;
  /** Whether a sweep is under way: then 0 samples only means that the rings get their turn. */
  sweeping(): boolean;
  /** Starts a sweep over all live sockets; its rows then come from drain('sample', …). */
  sweep(): void;
  /** Of each kind since the source was opened. */
  counters(): Record<Kind, KindCounters>;
  hooks(): readonly Hook[];
  /** events of each hook that no program saw, because its processor was in it already */
  misses(): ReadonlyMap<string, number>;
  /** what only some kernels tell; `attached` says that this one does */
  fields(): readonly Hook[];
  netns(): readonly NetnsEntity[];
  /** of the last sweep */
  netns_refused(): readonly NetnsRefusal[];
  /** Calls back once when a row may wait, the latest callback only; at once where the source cannot tell. */
  onceRows(callback: () => void): void;
  /** true when a replay has given its last row; never for the kernel */
  ended(): boolean;
  close(): void;
};
