// The socket's count of what came, beside rows: how many segments came without a row, and between which rows.
import { expect, test } from 'vitest';
import { Arrivals } from '../../../agent/verdict/arrivals.ts';
import { rowOf } from './rows.ts';

/** Rows at 10, 20, 30 … with the socket's count and how many segments each has. */
const arrivals = (...rows: [segs_in: number, segments: number][]) =>
  new Arrivals(
    rows.map(([segs_in, segments], at) => ({ at_ns: (at + 1) * 10, seq: 0, end: 0, row: rowOf('progress', { segs_in, segments }) })),
  );

test.each<[string, [number, number][], { counted: number; seen: number }]>([
  [
    'all have rows',
    [
      [5, 1],
      [6, 1],
      [9, 3],
    ],
    { counted: 4, seen: 4 },
  ],
  [
    'two came without',
    [
      [5, 1],
      [8, 1],
      [9, 1],
    ],
    { counted: 4, seen: 2 },
  ],
  [
    'waited in the backlog: counted at once, taken one by one',
    [
      [5, 1],
      [8, 1],
      [8, 1],
      [8, 1],
    ],
    { counted: 3, seen: 3 },
  ],
  [
    'the counter turns',
    [
      [2 ** 32 - 1, 1],
      [0, 1],
      [1, 1],
    ],
    { counted: 2, seen: 2 },
  ],
  ['no rows', [], { counted: 0, seen: 0 }],
])('%s', (_, rows, completeness) => {
  expect(arrivals(...rows).completeness).toEqual(completeness);
});

test('where what is missing came', () => {
  const some = arrivals([5, 1], [6, 1], [9, 1], [10, 1]);
  expect(some.missingBetween(10, 20)).toBe(0);
  expect(some.missingBetween(20, 30)).toBe(2);
  expect(some.missingBetween(21, 25)).toBe(2);
  expect(some.missingBetween(30, 40)).toBe(0);
  expect(some.missingBetween(5, 20), 'before the first row').toBeUndefined();
  expect(some.missingBetween(20, 50), 'after the last').toBeUndefined();
});
