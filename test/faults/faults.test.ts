// Seeded runs of the whole line, each with faults of its own: after every one, what is stored is compared with what there was.
// RUNS=… and SEED=… say how many, and from which seed on; a failure prints the command that repeats it.
import process from 'node:process';
import { afterAll, expect, test, vi } from 'vitest';
import { run } from './run.ts';
import { scheduleOf } from './schedule.ts';

const RUNS = Number(process.env['RUNS'] ?? 12);
const SEED = Number(process.env['SEED'] ?? 1);
const AT_ONCE = 3;
/** Longer than all waits of a run take on a busy machine: each of those ends by itself, and says what it waited for. */
const RUN_MS = 1_200_000;

vi.setConfig({ maxConcurrency: AT_ONCE });

const summaries: string[] = [];
afterAll(() => console.log(summaries.join('\n')));

const seeds = Array.from({ length: RUNS }, (_, index) => SEED + index);

test.concurrent.for(seeds)('seed %d', { timeout: RUN_MS }, async (seed, context) => {
  const watches = scheduleOf(seed).agents.some(({ source }) => source === 'kernel');
  if (watches && process.getuid?.() !== 0) return context.skip('needs root: its agent watches this kernel');
  const { wrong, said, summary, directory } = await run(seed);
  summaries.push(`seed ${seed}: ${summary}`);
  const again = `repeat it with: make test-faults SEED=${seed} RUNS=1\nfiles of the run: ${directory}\n${JSON.stringify(scheduleOf(seed))}\n${said.join('\n')}`;
  expect(wrong, again).toEqual([]);
});
