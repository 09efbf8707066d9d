// What is said of what differs: in words that hold for a rise and a fall, for what adds up, ratios and quantiles.
import { expect, test } from 'vitest';
import { differsQuery } from '../../dashboards/differs-view.ts';
import { doubtsOf, findingOf, nameOf, summaryOf } from '../../dashboards/differs-words.ts';
import type { Difference, Differs } from '../../server/api.ts';

const period = (value: number | null, change: Partial<Differs['now']> = {}): Differs['now'] => ({
  from_ms: 0,
  to_ms: 60_000,
  watched_s: 60,
  value,
  samples: 100,
  completeness: 1,
  ...change,
});
const answer = (change: Partial<Differs>): Differs => ({
  metric: 'retransmits',
  words: '',
  unit: 'segments',
  is: 'sum',
  of: 'segments',
  slow_us: null,
  now: period(12),
  before: period(2),
  change: 10,
  state: 'found',
  differences: [],
  dimensions: [],
  left_out: [],
  source: 'rows',
  rows_read: 0,
  elapsed_ms: 0,
  ...change,
});
const difference = (change: Partial<Difference>): Difference => ({
  dimension: 'peer',
  field: 'peer',
  value: '10.2.0.7',
  now: 9,
  before: 0.06,
  change: 8.94,
  explains: 0.91,
  share_now: 0.75,
  share_before: 0.03,
  excess: 0.88,
  few: false,
  ...change,
});
const plain = (text: string) => text.replaceAll('\u202f', ' ');

test.each<[Partial<Difference>, Partial<Differs>, string]>([
  [{}, {}, '91 % of the rise, 3 % of it before'],
  [{ share_before: 0 }, { change: -3 }, '91 % of the fall, none of it before'],
  [{ explains: 1.4, share_before: 0.002 }, {}, 'more than all of the rise (140 %), <1 % of it before'],
  [{}, { is: 'ratio', of: 'attempts' }, '91 % of the rise, with 3 % of attempts before'],
  [{}, { is: 'quantile', of: 'measurements', slow_us: 12_000 }, '91 % of what became slower than 12 ms, with 3 % of measurements before'],
  [
    {},
    { is: 'quantile', of: 'measurements', slow_us: 12_000, change: -1 },
    '91 % of what is no more slower than 12 ms, with 3 % of measurements before',
  ],
])('%j of %j', (one, of, words) => expect(plain(findingOf(difference(one), answer(of)))).toBe(words));

test.each<[Partial<Differs>, RegExp]>([
  [{}, /^retransmits rose from 2 a second to 12 a second\.$/],
  [{ change: -10, now: period(2), before: period(12) }, /^retransmits fell from 12 a second to 2 a second\.$/],
  [{ state: 'alike' }, /Nothing differs: it grew everywhere alike\.$/],
  [{ state: 'alike', change: -1 }, /it fell everywhere alike\.$/],
  [{ state: 'steady' }, /hardly changed/],
  [{ state: 'few', now: period(12, { samples: 4 }) }, /of 4 segments now and 100 before: too few/],
  [{ state: 'nothing_before', before: period(null) }, /nothing was measured in the time before.*Choose another time/],
  [{ state: 'nothing_now', now: period(null) }, /nothing was measured in this time/],
])('%j', (of, words) => expect(plain(summaryOf(answer(of)))).toMatch(words));

test('a value that is nothing, or hostile, has a name that can be read', () => {
  expect([{ value: '' }, { value: 'a\u202eb' }].map((one) => nameOf(difference(one)))).toEqual(['peer (none)', 'peer a\\u202eb']);
});

test('what is missing, and when nobody watched, is told', () => {
  const { now, before } = answer({ now: period(1, { completeness: 0.99 }), before: period(1, { watched_s: 30 }) });
  expect(doubtsOf({ now, before }).map(plain)).toEqual([
    'Rows are missing of the time itself.',
    'Of the time before 30 s of 1 min were watched: rates are of these.',
  ]);
  expect(doubtsOf(answer({}))).toEqual([]);
});

test('the time just before is the collector’s to choose, an earlier one is named', () => {
  const asked = { metric: 'drops', from_ms: 90_000_000, to_ms: 90_060_000 };
  expect(differsQuery(asked, '')).toEqual({ metric: 'drops', from: '90000000', to: '90060000' });
  expect(differsQuery({ ...asked, against: 'day' }, 'host = a')).toEqual({
    metric: 'drops',
    from: '90000000',
    to: '90060000',
    before_from: '3600000',
    before_to: '3660000',
    filter: 'host = a',
  });
});
