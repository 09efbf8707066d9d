import { expect, test } from 'vitest';
import { vitestRun } from './vitest-run.ts';

const files = {
  'spins.test.ts': `test('spins', () => { for (;;); });`,
  'well.test.ts': `test('well', () => {});`,
};

test('a file that never ends is ended and named, and the others run', () => {
  const { code, lines } = vitestRun(files, [], `pool: 'forks', maxWorkers: 1, testTimeout: 500`);
  expect(code).toBe(1);
  expect(lines).toContain('overdue, and ended: spins.test.ts');
  expect(lines).toContain('failed: spins.test.ts > spins: pending');
  expect(lines.at(-1)).toBe('1 passed, 2 failed, 0 skipped');
});
