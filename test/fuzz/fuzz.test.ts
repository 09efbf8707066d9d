// Each fuzzer for a moment, after what it has found before: `make fuzz` runs them for longer.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { C_TARGETS, runC, whyNoFuzzer } from './c-targets.ts';
import { JS_TARGETS, runJs } from './js-targets.ts';
import type { Result } from './result.ts';

const SECONDS = 1;
/** Seeds and findings are run whatever the time; so are the first inputs made of them. */
const EXECUTIONS_MIN = 50;
const seed = Math.floor(Math.random() * 2 ** 31);
const directory = mkdtempSync(join(tmpdir(), 'tcplens-fuzz-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const missing = whyNoFuzzer();

function check({ said, crashes, executions }: Result): void {
  expect(said, `seed ${seed}`).toBe('');
  expect(crashes).toEqual([]);
  expect(executions).toBeGreaterThanOrEqual(EXECUTIONS_MIN);
}

test.for(C_TARGETS)('loader: %s', async (name, context) => {
  context.skip(missing !== undefined, missing);
  check(await runC(name, { seconds: SECONDS, seed, folder: join(directory, `c-${name}`) }));
});

test.each(JS_TARGETS)('%s', async (name) => check(await runJs(name, { seconds: SECONDS, seed, folder: join(directory, name) })));
