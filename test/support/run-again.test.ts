import { expect, test } from 'vitest';
import { runAgain } from './run-again.ts';

const counters = 'test/kernel/counters.test.ts';
const fidelity = 'test/fidelity/fidelity.test.ts';
const cases = [
  {
    name: 'a file of the kernel’s suites, where softirqs were hidden',
    failed: [counters, fidelity],
    hidden: 1,
    again: [counters, fidelity],
  },
  { name: 'nothing, where none was hidden', failed: [counters], hidden: 0, again: [] },
  { name: 'nothing, where a file of another suite failed too', failed: [counters, 'test/agent/pump.test.ts'], hidden: 9, again: [] },
  { name: 'nothing, where other kernels were emulated', failed: ['test/kernels/kernels.test.ts'], hidden: 9, again: [] },
  { name: 'nothing after an error of no test', failed: [counters], hidden: 9, stray: 1, again: [] },
  { name: 'nothing, where many files failed', failed: [1, 2, 3, 4].map((n) => `test/kernel/${n}.test.ts`), hidden: 9, again: [] },
  { name: 'nothing, where all passed', failed: [], hidden: 9, again: [] },
];

test.for(cases)('$name is run once more', ({ failed, hidden, stray = 0, again }) => {
  expect(runAgain(failed, { hidden, stray })).toEqual(again);
});
