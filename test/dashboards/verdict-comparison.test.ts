// Two verdicts side by side: shares, differences in points, and when there is nothing to compare.
import { describe, expect, test } from 'vitest';
import { comparisonOf, signedPoints } from '../../dashboards/verdict-comparison.ts';
import { MINUTE_MS, side } from './verdict-side.ts';

const plain = (texts: readonly string[]) => texts.map((text) => text.replaceAll('\u202f', ' '));
const before = side(1, { dropped_at_receiver: 198, not_needed: 2 });
const after = side(10, { lost_outward: 60, not_needed: 40 });

test('the earlier one is before, whichever is looked at; differences are in points of its own segments', () => {
  for (const { before: earlier, after: later, causes, obstacles } of [comparisonOf(before, after), comparisonOf(after, before)]) {
    expect([earlier, later]).toEqual([before, after]);
    expect(obstacles).toEqual([]);
    expect(causes.map(({ cause, points }) => [cause, Math.round(points ?? Number.NaN)])).toEqual([
      ['lost_outward', 60],
      ['dropped_at_receiver', -99],
      ['not_needed', 39],
    ]);
  }
});

test('sentences say how much was sent again, and what has changed, the most first', () => {
  expect(plain(comparisonOf(after, before).sentences)).toEqual([
    '200 segments were sent again (100 a minute) before, 100 segments were sent again (50 a minute) after.',
    '“dropped at the receiver” fell from 99.0 % to 0 %, by 99 points; “lost outward” rose from 0 % to 60.0 %, by 60 points; “not needed” rose from 1.00 % to 40.0 %, by 39 points.',
  ]);
});

test('one that was stopped is as long as it ran', () => {
  const stopped = side(20, { lost_outward: 30 }, { stopped_ms: 20.5 * MINUTE_MS });
  expect(plain(comparisonOf(before, stopped).sentences)[0]).toMatch(/, 30 segments were sent again \(60 a minute\) after\.$/);
});

describe('nothing is made of', () => {
  test('shares that stay the same', () => {
    expect(comparisonOf(before, side(9, { dropped_at_receiver: 99, not_needed: 1 })).sentences[1]).toBe(
      'No share has changed by a point or more.',
    );
  });
  test('few segments', () => {
    expect(comparisonOf(before, side(9, { lost_outward: 3 })).sentences.at(-1)).toMatch(/fewer than 20 segments/);
  });
  test('none', () => {
    expect(comparisonOf(before, side(9, {})).sentences[1]).toMatch(/^One of them has no segment/);
    expect(comparisonOf(side(2, {}), side(9, {})).sentences[1]).toMatch(/^Neither has a segment/);
    expect(comparisonOf(before, side(9, {})).causes.map(({ after: share, points }) => [share, points])).toEqual([
      [null, null],
      [null, null],
    ]);
  });
  test.each([
    ['other connections', { expression: 'port = 80' }, /they follow other connections: “port = 443” and “port = 80”/],
    ['other hosts', { hosts: 'host = web-1' }, /they run on other hosts: all and host = web-1/],
    ['another detail', { detail: 'rows' }, /one looks at packets, the other at rows/],
  ] as const)('%s', (_, asked, obstacle) => {
    const { obstacles, sentences, causes } = comparisonOf(before, side(9, { lost_outward: 50 }, asked));
    expect(obstacles).toEqual([expect.stringMatching(obstacle)]);
    expect(sentences).toEqual([]);
    expect(causes.map(({ points }) => points)).toEqual(causes.map(() => null));
  });
  test('spaces', () => {
    expect(comparisonOf(before, side(9, {}, { expression: ' port  = 443 ' })).obstacles).toEqual([]);
  });
});

test.each([
  [null, '–'],
  [0, '0'],
  [0.001, '0'],
  [12.34, '+12.3'],
  [-96, '−96'],
])('%s points are written %s', (points, text) => expect(signedPoints(points)).toBe(text));
