// Where rows come from: the kernel (ring-source.ts) or a recording (replay-source.ts). Everything after a source
// sees only this, needs no root and cannot tell the two apart.
import type { Kind, KindCounters } from '../bpf/rows.gen.ts';
import type { NetnsEntity } from './batch-envelope.ts';

/** One place in the kernel that a program wants to attach to; `reason` says why it could not, else is empty. */
export type Hook = { name: string; attached: boolean; reason: string };

export type RowSource = {
  readonly host_id: bigint;
  /** Copies whole rows of one kind into `into`, returns bytes; 0 when there is nothing. */
  drain(kind: Kind, into: Uint8Array): number;
  /** Starts a sweep over all live sockets; its rows then come from drain('sample', …). */
  sweep(): void;
  /** Of each kind since the source was opened. */
  counters(): Record<Kind, KindCounters>;
  hooks(): readonly Hook[];
  netns(): readonly NetnsEntity[];
  /** true when a replay has given its last row; never for the kernel */
  ended(): boolean;
  close(): void;
};
