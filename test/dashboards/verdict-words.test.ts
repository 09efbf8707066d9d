// How much of what a verdict should rest on is there, and until when it is asked for again.
import { describe, expect, test } from 'vitest';
import { CAUSES } from '../../agent/verdict/cause.ts';
import { noJoins } from '../../agent/verdict/joins.ts';
import { causesOf, sharesWords } from '../../dashboards/cause-words.ts';
import { completenessSaid, isGrowing, nothingWords, rowsWritten } from '../../dashboards/verdict-words.ts';
import type { OneInvestigation, Verdict } from '../../server/api.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const verdict = (changes: Partial<Verdict> = {}) =>
  ({ arrivals: { counted: 839, seen: 839 }, joins: noJoins(), rows: { written: 1000, stored: 1000 }, cut: [], ...changes }) as Verdict;
const ENDS_MS = 1_000_000;
const one = (changes: Partial<OneInvestigation> = {}) =>
  ({
    state: 'ended',
    ends_ms: ENDS_MS,
    stopped_ms: null,
    counts: { waiting: 0, running: 0, ended: 1 },
    at_hosts: [{ passed: 1000, over_budget: 0 }],
    ...changes,
  }) as OneInvestigation;

describe('a verdict may still change', () => {
  const late = { rows: { written: 1000, stored: 990 } };
  test.each([
    ['while it runs', one({ state: 'running' }), verdict(), 0, true],
    ['while a host runs it', one({ counts: { waiting: 0, running: 1, ended: 1 } }), verdict(), 0, true],
    ['while a host may begin', one({ counts: { waiting: 1, running: 0, ended: 1 } }), verdict(), 0, true],
    ['before there is any', one(), null, 0, true],
    ['while rows are on their way', one(), verdict(late), 1000, true],
    [
      'while a host has told of more rows than it knew of',
      one({ at_hosts: [{ passed: 1001, over_budget: 0 }] as never }),
      verdict(),
      1000,
      true,
    ],
    ['not once all rows are there', one(), verdict(), 1000, false],
    ['not for rows that have not come for minutes', one(), verdict(late), 200_000, false],
  ] as const)('%s', (_, asked, found, after_ms, growing) => expect(isGrowing(asked, found, ENDS_MS + after_ms)).toBe(growing));
});

describe('what it rests on', () => {
  const said = (...asked: Parameters<typeof completenessSaid>) =>
    completenessSaid(...asked).map(({ severity, text }) => `${severity}: ${plain(text)}`);
  test('all of it', () => {
    expect(said(verdict(), one(), false)).toEqual([
      'none: Arrivals with a row: 839 of 839 (100 %).',
      'none: Rows stored of those written: 1 000 of 1 000 (100 %).',
    ]);
  });
  test('arrivals without a row never round up to all', () => {
    expect(said(verdict({ arrivals: { counted: 100_000, seen: 99_999 } }), one(), false)[0]).toMatch(
      /^warn: Arrivals with a row: .* \(99\.99 %\)\. What has none/,
    );
  });
  test('rows on their way, and rows that never came', () => {
    const late = verdict({ rows: { written: 1000, stored: 990 } });
    expect(said(late, one(), true)[1]).toMatch(/^none: .*990 of 1 000 \(99\.00 %\)\. The others are on their way/);
    expect(said(late, one(), false)[1]).toMatch(/^warn: .*The others have not come\.$/);
  });
  test('a row more than was told of is not more than all', () => {
    expect(said(verdict({ rows: { written: 990, stored: 1000 } }), one({ at_hosts: [] }), true)[1]).toBe(
      'none: Rows stored of those written: 990 of 990 (100 %).',
    );
  });
  test('rows that were not read', () => {
    expect(said(verdict({ cut: ['packet', 'progress'] }), one(), false)[2]).toMatch(/^warn: .*of packet, progress only the first were/);
  });
  test('rows that a host had no budget for', () => {
    const at_hosts = [
      { passed: 1000, over_budget: 700 },
      { passed: 0, over_budget: 60 },
    ] as never;
    expect(said(verdict(), one({ at_hosts }), false)[2]).toMatch(/^warn: 760 rows were left out by the budget/);
  });
  test('no arrival at all', () => {
    expect(said(verdict({ arrivals: { counted: 0, seen: 0 } }), one(), false)[0]).toMatch(/^none: No arrival was counted/);
  });
});

test('rows are those that the hosts or the verdict know of, whichever knows more', () => {
  expect(rowsWritten(verdict({ rows: { written: 5, stored: 0 } }), one())).toBe(1000);
  expect(rowsWritten(verdict({ rows: { written: 5000, stored: 0 } }), one())).toBe(5000);
});

test('shares in words, the largest first; bars keep the order of the way', () => {
  const by_cause = { ...Object.fromEntries(CAUSES.map((cause) => [cause, 0])), lost_outward: 1, not_known: 3, dropped_here: 4 };
  const shares = { segments: 8, by_cause: by_cause as Verdict['by_cause'] };
  expect(plain(sharesWords(shares))).toBe('dropped here 50.0 %, not known 37.5 %, lost outward 12.5 %');
  expect(causesOf(shares)).toEqual(['dropped_here', 'lost_outward', 'not_known']);
});

test('nothing sent again is an answer', () => {
  expect(nothingWords(true)).toMatch(/so far/);
  expect(nothingWords(false)).toMatch(/nothing to explain/);
});
