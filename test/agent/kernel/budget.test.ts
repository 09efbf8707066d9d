import { expect, test } from 'vitest';
import { DEFAULT_BUDGETS, isOff, parseBudget, parseBudgets } from '../../../agent/kernel/budget.ts';

const NONE = { rows_per_s: 0, burst: 0 };

test('the defaults limit what can flood, and nothing else', () => {
  const limited = Object.entries(parseBudgets(DEFAULT_BUDGETS)).filter(([, { rows_per_s }]) => rows_per_s > 0);
  expect(Object.fromEntries(limited.map(([kind, { rows_per_s, burst }]) => [kind, [rows_per_s, burst]]))).toEqual({
    drop: [1000, 1000],
    congestion: [5000, 5000],
    reset: [5000, 5000],
    state_change: [20_000, 20_000],
  });
});

test('a kind that is not named keeps its default', () => {
  const { drop, reset, sample, connection } = parseBudgets('drop=none,sample=20/s');
  expect({ drop, reset, sample, connection }).toEqual({
    drop: NONE,
    reset: { rows_per_s: 5000, burst: 5000 },
    sample: { rows_per_s: 20, burst: 20 },
    connection: NONE,
  });
});

test.each([
  ['drops=1/s', /"drops=1\/s" budgets no kind of row: write KIND=ROWS\/s with one of retransmit, /],
  ['100/s', /"100\/s" budgets no kind of row/],
  ['', /budgets no kind of row/],
  ['drop', /"" is no budget: write rows a second from 1\/s to 1000000\/s, like 100\/s, or none/],
  ['drop=5', /"5" is no budget/],
  ['drop=0/s', /"0\/s" is no budget/],
  ['drop=1000001/s', /"1000001\/s" is no budget/],
  ['drop=1/s,drop', /"" is no budget/],
])('--budget "%s" is refused', (text, problem) => {
  expect(() => parseBudgets(text)).toThrow(problem);
});

test('a kind that is off has a bucket without room', () => {
  const { drop, reset } = parseBudgets('drop=off,reset=none');
  expect([isOff(drop), isOff(reset), drop.burst]).toEqual([true, false, 0]);
});

test('a budget alone', () => {
  expect([parseBudget('none'), parseBudget('1/s')]).toEqual([NONE, { rows_per_s: 1, burst: 1 }]);
  expect(() => parseBudget('off')).toThrow(/shows nothing/);
});
