// What an answer of the collector's says as lines and rows, on answers in the collector's form.
import { expect, test } from 'vitest';
import { linesOf, tableOf } from '../../dashboards/explore-answer.ts';
import { parseExploreView } from '../../dashboards/explore-view.ts';
import type { Explored } from '../../server/api.ts';

type Column = Explored['columns'][number];
const column = (name: string, sort: Column['sort'], more: Partial<Column> = {}): Column => ({
  name,
  sort,
  words: `what ${name} is`,
  unit: '',
  end: '',
  adds: '',
  least: 0,
  ...more,
});
const answer = (columns: Column[], rows: Explored['rows'], changes: Partial<Explored> = {}): Explored => ({
  from_ms: 10_000,
  to_ms: 40_000,
  step_s: null,
  earlier_s: null,
  source: 'rows',
  columns,
  rows,
  groups: rows.length,
  watched_s: [],
  completeness: 1,
  rows_read: 0,
  elapsed_ms: 0,
  notes: [],
  ...changes,
});
const BY = [column('process', 'dimension'), column('service_port', 'dimension'), column('other', 'other')];

test('rows of a table: names, figures, what was before, and what says little', () => {
  const columns = [
    ...BY,
    column('retransmit_ratio', 'metric', { unit: 'ratio', adds: 'ratio' }),
    column('retransmit_ratio_earlier', 'earlier'),
    column('retransmit_ratio_samples', 'samples', { least: 100 }),
  ];
  const { dimensions, rows } = tableOf(
    answer(columns, [
      ['nginx', '443', false, 0.1, 0.05, 1000],
      ['', '80', false, 0.5, null, 4],
      ['', '', true, null, null, 0],
    ]),
  );
  expect(dimensions.map(({ name }) => name)).toEqual(['process', 'service_port']);
  expect(rows.map(({ names, value, before, isFew, isOther }) => [names, value, before, isFew, isOther])).toEqual([
    [['nginx', '443'], 0.1, 0.05, false, false],
    [['(none)', '80'], 0.5, null, true, false],
    [['all others', ''], null, null, true, true],
  ]);
  expect(rows.map(({ values }) => values)).toEqual([['nginx', '443'], ['', '80'], []]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
});

test('lines: sums are a second’s; a step of which nobody knows is a gap, and of which somebody does is none', () => {
  const columns = [column('time_s', 'time'), ...BY, column('connects', 'metric', { unit: 'connections', adds: 'sum' })];
  const steps = answer(
    columns,
    [
      [10, 'nginx', '443', false, 50],
      [30, 'nginx', '443', false, 100],
      [20, '', '', true, 10],
    ],
    { step_s: 10 },
  );
  const { time_s, series } = linesOf(steps);
  expect(time_s).toEqual([10, 20, 30]);
  expect(series.map(({ label, values }) => [label, values])).toEqual([
    ['nginx · 443', [5, null, 10]],
    ['all others', [null, 1, null]],
  ]);
  expect(linesOf({ ...steps, watched_s: [0, 10, 20] }).series.map(({ values }) => values)).toEqual([
    [5, 0, 10],
    [0, 1, null],
  ]);
  const ratio = { ...steps, columns: columns.map((one) => ({ ...one, adds: 'ratio' })), watched_s: [10, 20, 30] };
  expect(linesOf(ratio).series.map(({ values }) => values)).toEqual([
    [50, null, 100],
    [null, 10, null],
  ]);
});

test('lines of a ratio are the ratio; those of no group have one name', () => {
  const columns = [column('time_s', 'time'), column('other', 'other'), column('failed_ratio', 'metric', { adds: 'ratio' })];
  const { series } = linesOf(answer(columns, [[20, false, 0.25]], { step_s: 10 }));
  expect(series.map(({ label, values }) => [label, values])).toEqual([['all', [null, 0.25, null]]]);
});

test.each([
  ['by=a,b,c,d', /at most 3 names/],
  ['by=a%27b', /at most 3 names/],
  ['metric=a+b', /no name of a metric/],
  ['earlier=year', /known are hour, day, week/],
])('a link with %s says what it could not use', (text, problem) => {
  expect(parseExploreView(new URLSearchParams(text)).problems).toEqual([expect.stringMatching(problem)]);
});
