// Logs each namespace that cannot be entered once: a host may have many, and the log must not have them with every sweep.
import type { Log } from '../process/log.ts';
import type { RowSource } from '../source/row-source.ts';

const TOLD_MAX = 1024;

/** Returns a function to be called after each sweep, which logs the refusals that are new. */
export function refusalLog(source: RowSource, log: Log): () => void {
  const told = new Set<string>();
  return () => {
    for (const refusal of source.netns_refused()) {
      const key = `${refusal.inode} ${refusal.reason}`;
      if (told.has(key) || told.size >= TOLD_MAX) continue;
      told.add(key);
      log.warn(refusal, 'a network namespace could not be entered: its connections are not sampled, its listeners not seen');
    }
  };
}

/** The number of the last sweep's refusals by reason. */
export function countRefusals(source: RowSource): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of source.netns_refused()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}
