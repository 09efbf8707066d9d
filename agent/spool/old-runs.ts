// Bounds the runs that an agent remembers: one that starts again and again while no collector is there would leave more and more.
import type { Accounting } from '../accounts/accounting.ts';
import type { Run } from './books-check.ts';

/** Also what a report may have to tell of at once, and the books' next snapshot has to hold. */
const RUNS_MAX = 100;

/**
 * Makes of the oldest runs fewer: those of one host of which nothing waits and no collector has been told become one, nothing being
 * lost. Where that is not enough, the oldest of which a collector may have something are forgotten.
 * @param runs - oldest first
 * @returns rows seen by runs that were forgotten untold, for a person to know
 */
export function boundRuns(runs: Map<string, Run>, waiting: ReadonlySet<string>, accounting: Accounting, runs_max = RUNS_MAX): number {
  const ended = [...runs.values()].filter(({ epoch }) => !waiting.has(epoch));
  const last = new Map<string, Run>();
  for (const run of ended) {
    if (runs.size <= runs_max) return 0;
    if (accounting.isPosted(run.epoch)) continue;
    const before = last.get(run.host_id);
    if (before !== undefined) {
      accounting.fold(before.epoch, run.epoch);
      runs.delete(before.epoch);
    }
    last.set(run.host_id, run);
  }
  let forgotten = 0;
  for (const { epoch } of ended) {
    if (runs.size <= runs_max) break;
    if (!runs.delete(epoch)) continue;
    for (const { epoch: of, outcome, rows } of accounting.all().totals) if (of === epoch && outcome === 'seen') forgotten += rows;
    accounting.forget(epoch);
  }
  return forgotten;
}
