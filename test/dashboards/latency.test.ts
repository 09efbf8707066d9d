import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { barsOf, bucketAt, bucketStart_us, bucketsFilter, gridOf, synStepsOf } from '../../dashboards/latency-grid.ts';
import { latencyWords } from '../../dashboards/latency-words.ts';
import { cellAt, moved } from '../../dashboards/views/latency/cursor.ts';
import type { Explored } from '../../server/api.ts';

type Row = [time_s: number, pairs: [number, number][], p50: number | null, p99: number | null];
const end_us = (bucket: number) => bucketStart_us(bucket + 1);

function answer(rows: Row[], measure = 'rtt'): Explored {
  const names = ['time_s', measure, `${measure}_p50`, `${measure}_p99`];
  return {
    from_ms: 1_000_000,
    to_ms: 1_040_000,
    step_s: 10,
    earlier_s: null,
    source: 'rows',
    columns: names.map((name) => ({ name, sort: name === 'time_s' ? 'time' : 'metric', words: '', unit: '', end: '', adds: '', least: 0 })),
    rows: rows as Explored['rows'],
    groups: 0,
    watched_s: [],
    completeness: 1,
    rows_read: 1,
    elapsed_ms: 1,
    notes: [],
  };
}

test('a filter of a bucket leaves the times that are counted in it, and no others', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000_000 }), fc.constantFrom(-1, 0, 1), (us, off) => {
      const [, from, to] = /^srtt > (\d+)us and srtt <= (\d+)us$/.exec(bucketsFilter('rtt', bucketAt(us) + off, bucketAt(us) + off)) ?? [];
      expect(us > Number(from) && us <= Number(to)).toBe(off === 0);
    }),
  );
});

test.each([
  ['handshake', 'not role = server and handshake > 1000000us and handshake <= 1090507us'],
  ['server_turn', 'role = server and turn > 1000000us and turn <= 1090507us'],
  ['accept_wait', 'accept_wait > 1000000us and accept_wait <= 1090507us'],
] as const)('of a %s the rows that count are left', (measure, filter) => {
  expect(bucketsFilter(measure, 0, 0)).toBe(filter);
});

describe('a grid', () => {
  const found = answer([
    [
      1000,
      [
        [end_us(-80), 3],
        [end_us(0), 1],
      ],
      900,
      1_040_000,
    ],
    [1020, [[end_us(-79), 2]], 1000, 1000],
  ]);
  const grid = gridOf(found, 'rtt');

  test('has every step and each count in its place; a step without a figure is a gap', () => {
    expect(grid.time_s).toEqual([1000, 1010, 1020, 1030]);
    expect(grid.cells).toEqual([
      { step: 0, bucket: -80, count: 3 },
      { step: 0, bucket: 0, count: 1 },
      { step: 2, bucket: -79, count: 2 },
    ]);
    expect([grid.lowest, grid.highest, grid.most]).toEqual([-80, 0, 3]);
    expect(grid.p99_us).toEqual([1_040_000, null, 1000, null]);
  });

  test('of few buckets shows those around them, and of nothing an empty axis', () => {
    const small = gridOf(answer([[1000, [[end_us(-80), 3]], 900, 900]]), 'rtt');
    expect([small.lowest, small.highest]).toEqual([-92, -68]);
    const none = gridOf(answer([]), 'rtt');
    expect([none.cells, none.most, none.highest - none.lowest]).toEqual([[], 0, 24]);
  });

  test('is pointed at by its place', () => {
    expect(cellAt(grid, 0.1, 0)).toEqual({ step: 0, bucket: 0, count: 1 });
    expect(cellAt(grid, 0.6, 79.5 / 81)).toEqual({ step: 2, bucket: -79, count: 2 });
    expect(cellAt(grid, 0.9, 0.5)).toBeUndefined();
  });

  test('is gone over by keys: begins with the newest, stays where nothing is ahead', () => {
    const path = ['ArrowLeft', 'ArrowLeft', 'ArrowUp', 'ArrowUp', 'ArrowRight', 'ArrowRight', 'ArrowDown'];
    const walk: (readonly [number, number] | undefined)[] = [];
    let cell: ReturnType<typeof moved>;
    for (const key of path) {
      cell = moved(grid, cell, key);
      walk.push(cell && [cell.step, cell.bucket]);
    }
    expect(walk).toEqual([
      [2, -79],
      [0, -80],
      [0, 0],
      [0, 0],
      [2, -79],
      [2, -79],
      [2, -79],
    ]);
  });
});

test('SYN steps: whole buckets from 1 s, 3 s and 7 s on', () => {
  const bars = [1_040_000, 999_000, 3_020_000, 7_030_000, 500].map((us) => ({ bucket: bucketAt(us), count: 1 }));
  expect(synStepsOf(bars).map(({ count }) => count)).toEqual([3, 2, 1]);
});

describe('in words', () => {
  const bars = [
    { bucket: bucketAt(300), count: 90 },
    { bucket: bucketAt(1_002_000), count: 7 },
    { bucket: bucketAt(3_002_000), count: 3 },
  ];
  const spread = { count: 100, p50_us: 300, p99_us: 3_000_000, least: 20 };
  test.each([
    [
      'handshake',
      spread,
      bars,
      [
        /^Handshake: half of 100 handshakes within 300.µs, 99 % within 3.s\.$/,
        /^10 \(10\.0.%\) took 1 s or more, 3 of them 3 s or more: a SYN that gets no answer/,
      ],
    ],
    [
      'handshake',
      { ...spread, count: 5 },
      [{ bucket: bucketAt(1_002_000), count: 5 }],
      [/^Only 5 handshakes: too few .* below 20/, /^5 \(100.%\) took 1 s or more: /],
    ],
    ['handshake', spread, bars.slice(0, 1), [/^Handshake: half/]],
    ['rtt', spread, bars, [/^Round trip: half of 100 round-trip times within/]],
    ['server_turn', { ...spread, count: 0, p50_us: null, p99_us: null }, [], [/^No server’s turn was measured\.$/]],
  ] as const)('%s', (measure, of, all, wanted) => {
    expect(latencyWords(measure, of, all)).toEqual(wanted.map((words) => expect.stringMatching(words)));
  });
});

test('bars of a whole distribution', () => {
  const whole = {
    ...answer([
      [
        0,
        [
          [end_us(-80), 3],
          [end_us(0), 1],
        ],
        1,
        1,
      ],
    ]),
    step_s: null,
  };
  expect(barsOf(whole, 'rtt')).toEqual([
    { bucket: -80, count: 3 },
    { bucket: 0, count: 1 },
  ]);
});
