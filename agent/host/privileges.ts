// Giving up what an agent needed only to start. A bug in it is then worth less to whoever finds one.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { keptOf, maskOf, readCapabilities, readMask, USE_AFTER_START, type UsedAfterStart } from './capabilities.ts';

/** What the process may still do, the same in all of its threads. */
export type Rights = {
  uid: number;
  /** what is left, each with what it is for */
  capabilities: Partial<Record<UsedAfterStart, string>>;
  /** false without CAP_SETPCAP: it is then no_new_privs alone that keeps what is started from having more */
  bounding_empty: boolean;
  threads: number;
};

/** What of the loader gives rights up. */
export type Restrictor = {
  /** whether its calls still work with these capabilities alone, a bit each */
  suffices(capabilities: bigint): boolean;
  /** gives up all others in every thread; returns the number of threads */
  restrict(capabilities: bigint): number;
};

/**
 * Gives up, in every thread and for good, what is not needed once the programs are attached.
 * @param own_netns - other network namespaces are not to be entered
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
