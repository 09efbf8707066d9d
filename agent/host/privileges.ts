// Drops the privileges that an agent needs only to start, so that a bug in it is worth less to an attacker.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { keptOf, maskOf, readCapabilities, readMask, USE_AFTER_START, type UsedAfterStart } from './capabilities.ts';

/** The privileges that are left, the same in all threads. */
export type Rights = {
  uid: number;
  /** the capabilities that were kept, each with its use */
  capabilities: Partial<Record<UsedAfterStart, string>>;
  /** false without CAP_SETPCAP: then only no_new_privs keeps started programs from having more */
  bounding_empty: boolean;
  threads: number;
};

/** The loader's calls that drop capabilities. */
export type Restrictor = {
  /** Whether the loader's calls work with only these capabilities, a bit each. */
  suffices(capabilities: bigint): boolean;
  /** Drops all other capabilities in every thread and returns the number of threads. */
  restrict(capabilities: bigint): number;
};

/**
 * Drops, in every thread and for good, the capabilities that are not needed once the programs are attached.
 * @param own_netns - other network namespaces will not be entered
 * @throws AgentError when a thread kept more
 */
export function restrictProcess(loader: Restrictor, own_netns: boolean): Rights {
  const kept = keptOf(readCapabilities(ownStatus()), own_netns, loader.suffices);
  const threads = loader.restrict(maskOf(kept));
  return {
    uid: process.getuid?.() ?? -1,
    capabilities: Object.fromEntries(kept.map((name) => [name, USE_AFTER_START[name]])),
    bounding_empty: readMask(ownStatus(), 'CapBnd') === 0n,
    threads,
  };
}

function ownStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}
