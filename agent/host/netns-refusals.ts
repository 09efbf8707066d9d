// Namespaces that could not be entered, told once each: a host's worth of them must not fill its log every sweep.
import type { Log } from '../process/log.ts';
import type { RowSource } from '../source/row-source.ts';

const TOLD_MAX = 1024;

/** Returns what logs, after a sweep, the refusals that it has not logged before. */
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

/** How many of the last sweep's refusals have each reason. */
export function countRefusals(source: RowSource): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of source.netns_refused()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}
