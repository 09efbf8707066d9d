// Bounds the number of runs in the books: an agent that restarts again and again without a collector adds one with each start.
import type { Accounting } from '../accounts/accounting.ts';
import type { Run } from './books-check.ts';

/** Most runs in the books: all of them may be in one report, and are in each snapshot. */
const RUNS_MAX = 100;

/**
 * Reduces the oldest runs. Runs of one host without batches that wait, of which no report was posted, are folded into one, which loses
 * nothing. Where that is not enough, the oldest runs that were posted are forgotten.
 * @param runs - oldest first
 * @returns rows of forgotten runs whose fate was not reported, for the log
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
