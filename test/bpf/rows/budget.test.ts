// The kernel's token bucket, compiled for this machine: against one that counts tokens, and under a race.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileC, SANITIZED } from '../../support/compile-c.ts';
import { root } from '../../support/project-files.ts';
import { missingCommand, runCommand } from '../../support/run-command.ts';
import { tries } from '../../support/tries.ts';

/** A race is lost now and then only. */
const ROUNDS = 6;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-budget-'));
const missing = missingCommand(['gcc']);
let program = '';
beforeAll(() => {
  if (missing === undefined) program = compileC(join(root, 'test/bpf/rows/budget-take.c'), directory, SANITIZED);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(args: readonly (string | number)[], input = ''): string {
  const { code, stdout, stderr } = runCommand(program, args.map(String), { input });
  if (code !== 0) throw new Error(`budget-take ended with ${code}: ${stderr}`);
  return stdout;
}

/** A bucket of `burst` tokens, counted in ns: one token is `interval` of them. */
function bucket(interval: number, burst: number, times: readonly number[]): string {
  let filled = interval * burst;
  let last = times[0] ?? 0;
  return times
    .map((now) => {
      filled = Math.min(interval * burst, filled + now - last);
      last = now;
      if (filled < interval) return '0';
      filled -= interval;
      return '1';
    })
    .join('');
}

test('one after the other it gives the tokens that a bucket has', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const waits = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5000 })), {
    minLength: 1,
    maxLength: 100,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 20 }), waits, (interval, burst, waited) => {
      const times: number[] = [];
      for (const wait of waited) times.push((times.at(-1) ?? 1_000_000) + wait);
      expect(run(['take', interval, burst], times.join('\n'))).toBe(bucket(interval, burst, times));
    }),
    tries(200),
  );
});

test('without an interval there is no limit', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  expect(run(['take', 0, 0], '5 5 5 5 6')).toBe('11111');
});

/** Tokens are few and come one by one; or there are many from the start, which threads take a million times a second. */
const RACES = [
  { name: 'an empty bucket', interval: 192, burst: 50 },
  { name: 'a full bucket', interval: 1_000_000_000, burst: 500_000 },
];
test.for(RACES)('threads that race for $name get what one would, not a token more', ({ interval, burst }, context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  // The clock moves with every question, which come faster than tokens; it ends in the midst between two of them.
  const [threads, times, step] = [4, 1_000_357, 7];
  const tokens = burst + Math.floor((threads * times * step) / interval);
  const taken = Array.from({ length: ROUNDS }, () => Number(run(['race', interval, burst, threads, times, step])));
  expect(taken).toEqual(Array(ROUNDS).fill(tokens));
});
