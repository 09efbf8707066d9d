import { describe, expect, test } from 'vitest';
import { sparkPath } from '../../dashboards/charts/spark-path.ts';
import { stack, withLastEnd } from '../../dashboards/charts/stack.ts';
import { summarize } from '../../dashboards/charts/summary.ts';
import { formatNumber } from '../../dashboards/format.ts';

describe('stacked areas', () => {
  test('each column holds its layer’s upper edge', () => {
    expect(
      stack(
        [
          [1, 2],
          [10, 0],
        ],
        2,
      ),
    ).toEqual([
      [1, 2],
      [11, 2],
    ]);
  });
  test('a gap stays a gap, and a layer that is missing adds nothing', () => {
    expect(
      stack(
        [
          [1, null, null],
          [2, null, 3],
        ],
        3,
      ),
    ).toEqual([
      [1, null, null],
      [3, null, 3],
    ]);
  });
  test('a class without a column is flat', () => {
    expect(stack([[1], []], 1)).toEqual([[1], [1]]);
  });
});

describe('the last step has a width', () => {
  test.each([
    [
      'its own',
      [10, 15],
      [
        [1, 2],
        [3, null],
      ],
      5,
      100,
      [
        [10, 15, 20],
        [1, 2, 2],
        [3, null, null],
      ],
    ],
    [
      'to the end of the range',
      [10, 15],
      [[1, 2]],
      5,
      17,
      [
        [10, 15, 17],
        [1, 2, 2],
      ],
    ],
    [
      'a range that ends before it has none',
      [10],
      [[1]],
      5,
      9,
      [
        [10, 10],
        [1, 1],
      ],
    ],
    ['without steps', [], [[]], 5, 9, [[], []]],
  ] as const)('%s', (_name, time_s, columns, step_s, to_s, expected) => {
    expect(withLastEnd(time_s, columns, step_s, to_s)).toEqual(expected);
  });
});

describe('spark lines', () => {
  const cases: readonly (readonly [(number | null)[], string])[] = [
    [[], ''],
    [[null, null], ''],
    [[0, 10, 5], 'M0 20L50 0L100 10'],
    [[10, null, 10, 10], 'M0 0h1M66.7 0L100 0'],
    [[0, 0], 'M0 20L100 20'],
    [[null, 4, null], 'M50 0h1'],
  ];
  test.each(cases)('%j', (values, path) => {
    expect(sparkPath(values, 100, 20)).toBe(path);
  });
});

describe('a chart in words', () => {
  const series = (values: (number | null)[]) => [{ label: 'opened', color: '--opened', values }];
  const at = Math.floor(new Date().setHours(3, 4, 5, 0) / 1000);
  const cases: readonly (readonly [(number | null)[], string])[] = [
    [[1, 40, 12, null], 'opened: latest 12, highest 40 at 03:04:06.'],
    [[0, 0, null, 0], 'opened: 0 all the time.'],
    [[null, null], 'Nothing was measured in this range.'],
  ];
  test.each(cases)('%j', (values, expected) => {
    expect(summarize(series(values), [at, at + 1, at + 2, at + 3], formatNumber)).toBe(expected);
  });
});
