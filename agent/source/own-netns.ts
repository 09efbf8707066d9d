// The rows of the network namespace that the agent was started in, and no others: several agents of one kernel, each in a namespace
// of its own, are then several hosts.
import { readlinkSync } from 'node:fs';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { Source } from './source.ts';

/** The kinds that the scope filters. Rows of `namespace` need no filter: sweeps look only at the own namespace. */
const KINDS_FILTERED = KIND.filter((kind) => kind !== 'namespace');

/** Makes the kernel write only rows of this namespace. Returns the function that all drained rows have to pass. */
export function onlyOwnNetns({ scope }: Source): (kind: Kind, rows: Uint8Array) => Uint8Array {
  const inode = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];
  const wanted = scope(`netns = ${inode}`, KINDS_FILTERED);
  return (kind, rows) => (kind === 'namespace' ? rows : wanted(kind, rows));
}
