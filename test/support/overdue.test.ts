import { expect, test } from 'vitest';
import { vitestRun } from './vitest-run.ts';

const files = {
  'spins.test.ts': `test('spins', () => { for (;;); });`,
  'well.test.ts': `test('well', () => {});`,
};

/** A file may take three times as long, and is looked at each five seconds: what only passes must not take so long on a busy machine. */
const TEST_MS_MAX = 3000;

test('a file that never ends is ended and named, and the others run', () => {
  const { code, lines } = vitestRun(files, [], `pool: 'forks', maxWorkers: 1, testTimeout: ${TEST_MS_MAX}`);
  expect(code).toBe(1);
  expect(lines).toContain('overdue, and ended: spins.test.ts');
  expect(lines).toContain('failed: spins.test.ts > spins: pending');
  expect(lines.at(-1)).toBe('1 passed, 2 failed, 0 skipped');
});
