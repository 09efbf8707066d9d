// Rows from the running kernel.
import { join } from 'node:path';
import type { Kind } from '../bpf/rows.gen.ts';
import type { NetnsEntity } from './batch-envelope.ts';
import { listNetns } from './host/netns.ts';
import { openLoader } from './loader.ts';
import type { RowSource } from './source.ts';

export const PREBUILT = join(import.meta.dirname, '..', 'bpf', 'prebuilt');

export type KernelOptions = {
  host_id: bigint;
  ring_bytes: number;
  /** the folder with the BPF objects and the loader, if not the committed one */
  prebuilt?: string;
  /** hooks to treat as refused by the kernel */
  refuse?: readonly string[];
};

/**
 * Opens the kernel source.
 * @throws CannotRunError with what is missing and what to do about it.
 */
export function openKernel({ host_id, ring_bytes, prebuilt = PREBUILT, refuse = [] }: KernelOptions): RowSource {
  const loader = openLoader({ prebuilt, host_id, ring_bytes, refuse });
  const known = new Map<bigint, NetnsEntity>();
  const canSweep = loader.hooks.some(({ name, attached }) => name === 'sample' && attached);

  return {
    host_id,
    drain: (kind: Kind, into: Uint8Array) => loader.drain(kind, into),
    sweep() {
      if (!canSweep) return;
      known.clear();
      for (const { path, name } of listNetns()) {
        const identity = loader.sweep(path);
        if (identity) known.set(identity.cookie, { netns: identity.cookie.toString(), inode: identity.inode, name });
      }
    },
    counters: () => loader.counters(),
    hooks: () => loader.hooks,
    netns: () => [...known.values()],
    ended: () => false,
    close: () => loader.close(),
  };
}
