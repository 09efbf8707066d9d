// The rows of the network namespace that the agent was started in, and no others: several agents of one kernel, each in a namespace
// of its own, are then several hosts.
import { readlinkSync } from 'node:fs';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { parseBudget } from '../kernel/budget.ts';
import type { Source } from './source.ts';

/** Rows of these are of whole namespaces, and sweeps look only at the own one. */
const KINDS_FILTERED = KIND.filter((kind) => kind !== 'namespace');

/** Makes the kernel write no others. Returns what every drained piece has to pass. */
export function onlyOwnNetns({ filter }: Source): (kind: Kind, rows: Uint8Array) => Uint8Array {
  const inode = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];
  const run = filter({ expressions: [`netns = ${inode}`], kinds: KINDS_FILTERED, budget: parseBudget('none'), duration_ms: undefined });
  return (kind, rows) => (kind === 'namespace' ? rows : run.wanted(kind, rows));
}
