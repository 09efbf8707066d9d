import { expect, test } from 'vitest';
import { accountText } from './summary-reporter.ts';
import { vitestRun } from './vitest-run.ts';

const cases: { name: string; files: Record<string, string>; code: number; says?: string; last: string }[] = [
  {
    name: 'passes and reasoned skips',
    files: { 'a.test.ts': `test('a', () => {}); describe('b', () => { test('c', (ctx) => ctx.skip('no root')); });` },
    code: 0,
    says: 'skipped: a.test.ts > b > c: no root',
    last: '1 passed, 0 failed, 1 skipped',
  },
  {
    name: 'a failing test',
    files: { 'a.test.ts': `test('a', () => { throw new Error('x'); });`, 'b.test.ts': `test('b', () => {});` },
    code: 1,
    says: 'failed: a.test.ts > a: x',
    last: '1 passed, 1 failed, 0 skipped',
  },
  {
    name: 'a skip without a reason',
    files: { 'a.test.ts': `test.skip('a', () => {}); test('b', () => {});` },
    code: 1,
    says: 'failed: a.test.ts > a: skipped without a reason',
    last: '1 passed, 1 failed, 0 skipped',
  },
  {
    name: 'a forgotten only',
    files: { 'a.test.ts': `test('a', () => {}); test.only('b', () => {});` },
    code: 1,
    says: 'failed: a.test.ts > a: skipped without a reason',
    last: '1 passed, 1 failed, 0 skipped',
  },
  {
    name: 'a file that does not load',
    files: { 'a.test.ts': `throw new Error('x');`, 'b.test.ts': `test('b', () => {});` },
    code: 1,
    says: 'failed: a.test.ts outside its tests: x',
    last: '1 passed, 1 failed, 0 skipped',
  },
  {
    name: 'a hook that fails',
    files: { 'a.test.ts': `describe('a', () => { beforeAll(() => { throw new Error('x'); }); test('b', () => {}); });` },
    code: 1,
    says: 'failed: a.test.ts > a, a hook: x',
    last: '0 passed, 1 failed, 1 skipped',
  },
  {
    name: 'a stray rejection',
    files: { 'a.test.ts': `test('a', () => { void Promise.reject(new Error('x')); });` },
    code: 1,
    says: 'failed: outside of any test: x',
    last: '1 passed, 1 failed, 0 skipped',
  },
  { name: 'no test at all', files: {}, code: 1, says: 'failed: the run: no test ran', last: '0 passed, 1 failed, 0 skipped' },
];

test.each(cases)('$name', ({ files, code, says, last }) => {
  const result = vitestRun(files);
  expect(result.lines.at(-1)).toBe(last);
  if (says) expect(result.lines).toContain(says);
  expect(result.code).toBe(code);
});

test('a run by name needs no account of the rest', () => {
  const result = vitestRun({ 'a.test.ts': `test('a', () => {}); test('b', () => {});` }, ['-t', 'a']);
  expect(result.code).toBe(0);
});

test('what passed only in a second run is named, with what it said at first', () => {
  const text = accountText({ passed: 2, skips: [], failures: [] }, [{ name: 'a.test.ts > a', reason: 'x' }]);
  expect(text.trim().split('\n')).toEqual([
    'passed only when run once more: a.test.ts > a: at first x',
    '2 passed, 0 failed, 0 skipped; 1 passed only when run once more',
  ]);
});
