// How busy the machine is with what is not ours, for tests that need most of it.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

function ticks(): { idle: number; all: number } {
  const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).map(Number) ?? [];
  // user nice system idle iowait irq softirq steal
  return { idle: (times[3] ?? 0) + (times[4] ?? 0), all: times.slice(0, 8).reduce((sum, each) => sum + each, 0) };
}

/** The share of all processors that is in use over `ms`, from 0 to 1. */
export async function busyShare(ms: number): Promise<number> {
  const before = ticks();
  await sleep(ms);
  const after = ticks();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}
