import { expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { runAgain } from './run-again.ts';
import { summarize } from './summary-reporter.ts';

const counters = 'test/kernel/counters.test.ts';
const fidelity = 'test/fidelity/fidelity.test.ts';
const pump = 'test/agent/loop/pump.test.ts';
const page = 'test/browser/kernel-to-pixel.test.ts';
const many = [1, 2, 3, 4].map((n) => `test/kernel/${n}.test.ts`);
const cases: { name: string; failed: string[]; hidden: Record<string, number>; again: string[] }[] = [
  {
    name: 'files while which softirqs were hidden',
    failed: [counters, fidelity],
    hidden: { [counters]: 1, [fidelity]: 7 },
    again: [counters, fidelity],
  },
  { name: 'no file while which none was', failed: [counters, fidelity], hidden: { [counters]: 0, [fidelity]: 7 }, again: [fidelity] },
  {
    name: 'verdicts beside captures, of which hidden arrivals have no row',
    failed: ['test/investigations/investigations.test.ts'],
    hidden: { 'test/investigations/investigations.test.ts': 3 },
    again: ['test/investigations/investigations.test.ts'],
  },
  { name: 'no file of which it is not known', failed: [counters], hidden: {}, again: [] },
  { name: 'none for what was hidden while another ran', failed: [counters], hidden: { [counters]: 0, [fidelity]: 7 }, again: [] },
  { name: 'only those that compare with the kernel', failed: [pump, counters], hidden: { [pump]: 9, [counters]: 9 }, again: [counters] },
  { name: 'none of the browser', failed: [page], hidden: { [page]: 9 }, again: [] },
  {
    name: 'none where other kernels were emulated',
    failed: ['test/kernels/kernels.test.ts'],
    hidden: { 'test/kernels/kernels.test.ts': 9 },
    again: [],
  },
  { name: 'none where many failed', failed: many, hidden: Object.fromEntries(many.map((file) => [file, 9])), again: [] },
  { name: 'none where all passed', failed: [], hidden: { [counters]: 9 }, again: [] },
];

test.for(cases)('run once more: $name', ({ failed, hidden, again }) => {
  expect(runAgain(failed, new Map(Object.entries(hidden)))).toEqual(again);
});

/** A file of a finished run, of which every test failed. */
function failedFile(file: string, names: readonly string[]): TestModule {
  const tests = names.map((fullName) => ({
    fullName,
    result: () => ({ state: 'failed', errors: [{ message: 'a row is missing' }] }),
  }));
  const module = { relativeModuleId: file, errors: () => [], children: { allSuites: () => [], allTests: () => tests } };
  return module as unknown as TestModule;
}

test('the second run judges what failed in the first, and nothing else', () => {
  const second = [failedFile(fidelity, ['a', 'b'])];
  const names = (passed_before: string[]) => summarize(second, [], new Set(passed_before)).failures.map(({ name }) => name);
  expect(names([])).toEqual([`${fidelity} > a`, `${fidelity} > b`]);
  expect(names([`${fidelity} > b`])).toEqual([`${fidelity} > a`]);
  expect(summarize(second, [], new Set([`${fidelity} > b`])).passed).toBe(1);
});
