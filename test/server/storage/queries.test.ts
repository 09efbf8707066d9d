// What queries decide without the engine: steps and sources, shares, stories of few rows.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainAddress, plainNetwork } from '../../../server/storage/queries/address.ts';
import type { Transition } from '../../../server/storage/queries/connection-chapters.ts';
import { storyOf } from '../../../server/storage/queries/connection-story.ts';
import { coverOf } from '../../../server/storage/queries/cover.ts';
import { limitsOf } from '../../../server/storage/queries/limits.ts';
import { type Asked, windowOf } from '../../../server/storage/queries/window.ts';
import { filterOf } from './filter-of.ts';

/** 2026-03-04T05:06:07.890Z */
const NOW_MS = 1_772_600_767_890;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

describe('window', () => {
  for (const [name, range, expected] of [
    ['15 minutes unless told', {}, { step_s: 5, source: 'rows', from_ms: 1_772_599_865_000, to_ms: NOW_MS }],
    ['two hours are rows', { from: NOW_MS - 120 * MINUTE_MS }, { step_s: 60, source: 'rows' }],
    ['more is the rollup', { from: NOW_MS - 121 * MINUTE_MS }, { step_s: 60, source: 'rollup_1m' }],
    ['a day', { from: NOW_MS - DAY_MS }, { step_s: 900, source: 'rollup_1m' }],
    ['a week is hours', { from: NOW_MS - 7 * DAY_MS }, { step_s: 3600, source: 'rollup_1h' }],
    ['a month is days', { from: NOW_MS - 30 * DAY_MS }, { step_s: 21_600, source: 'rollup_1d' }],
    [
      'a process of a week is minutes: it may be among an hour’s others',
      { from: NOW_MS - 7 * DAY_MS, filter: filterOf('process = nginx') },
      { source: 'rollup_1m' },
    ],
    ['an exact peer is rows', { from: NOW_MS - DAY_MS, filter: filterOf('peer = 192.0.2.1') }, { step_s: 900, source: 'rows' }],
    ['a future end is now', { to: NOW_MS + DAY_MS }, { step_s: 5, to_ms: NOW_MS }],
    ['since ever is bounded', { from: 0 }, { step_s: 86_400, from_ms: Math.floor(NOW_MS / DAY_MS - 180) * DAY_MS }],
    [
      'an end before its start is one second',
      { from: NOW_MS, to: NOW_MS - 5000 },
      { step_s: 1, from_ms: Math.floor((NOW_MS - 6000) / 1000) * 1000 },
    ],
  ] as const satisfies readonly (readonly [string, Asked, object])[]) {
    test(name, () => expect(windowOf(range, NOW_MS)).toMatchObject(expected));
  }

  test.each([
    [3, 'rollup_1m', 1800],
    [7, 'rollup_1h', 3600],
    [30, 'rollup_1h', 21_600],
    [170, 'rollup_1d', 86_400],
  ] as const)('charts of %i days are of %s: nothing is coarser than a step', (days, source, step_s) => {
    expect(windowOf({ from: NOW_MS - days * DAY_MS }, NOW_MS, 'steps')).toMatchObject({ source, step_s });
  });

  test('never more than 181 steps, whatever the range', () => {
    for (let span_ms = 1000; span_ms < 200 * DAY_MS; span_ms *= 1.37) {
      const { from_ms, to_ms, step_s } = windowOf({ from: NOW_MS - span_ms }, NOW_MS);
      expect((to_ms - from_ms) / 1000 / step_s).toBeLessThanOrEqual(181);
      expect(from_ms % (step_s * 1000)).toBe(0);
    }
  });
});

describe('cover', () => {
  const pieces = (...starts: number[]) => starts.map((start_s) => ({ start_s, version: 1n }));
  const [HOUR, DAY] = [3600, 86_400];

  test('days, then the hours between them, then minutes, then rows: every moment once', () => {
    const found = coverOf(DAY - 2 * HOUR - 60, 3 * DAY + 90, {
      days: pieces(0, DAY, 2 * DAY, 3 * DAY),
      hours: pieces(DAY - 3 * HOUR, DAY - HOUR, DAY, 3 * DAY),
      minutes: [
        [DAY - 2 * HOUR - 300, DAY - 2 * HOUR + 600],
        [DAY - HOUR - 300, DAY - HOUR],
        [DAY, DAY + 300],
        [3 * DAY, 3 * DAY + 300],
      ],
    });
    expect(found).toEqual({
      days: pieces(DAY, 2 * DAY),
      hours: pieces(DAY - HOUR),
      minutes: [
        [DAY - 2 * HOUR - 60, DAY - 2 * HOUR + 600],
        [DAY - HOUR - 300, DAY - HOUR],
        [3 * DAY, 3 * DAY + 90],
      ],
      rest: [[DAY - 2 * HOUR + 600, DAY - HOUR - 300]],
    });
  });

  test('nothing published: all rows', () =>
    expect(coverOf(60, 120, { days: [], hours: [], minutes: [] })).toEqual({ days: [], hours: [], minutes: [], rest: [[60, 120]] }));

  test('whatever is published, each second is in one piece', () => {
    const some = (length_s: number) =>
      fc
        .uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 40 })
        .map((all) => pieces(...all.sort((a, b) => a - b).map((at) => at * length_s)));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500_000 }),
        fc.integer({ min: 1, max: 500_000 }),
        some(DAY),
        some(HOUR),
        some(600),
        (from, span, days, hours, made) => {
          const minutes = made.map(({ start_s }): [number, number] => [start_s, start_s + 300]);
          const found = coverOf(from, from + span, { days, hours, minutes });
          const spans = [
            ...found.days.map(({ start_s }) => [start_s, start_s + DAY] as const),
            ...found.hours.map(({ start_s }) => [start_s, start_s + HOUR] as const),
            ...found.minutes,
            ...found.rest,
          ].sort(([a], [b]) => a - b);
          expect(spans[0]?.[0]).toBe(from);
          expect(spans.at(-1)?.[1]).toBe(from + span);
          for (const [at, [, to]] of spans.entries()) expect(spans[at + 1]?.[0] ?? to).toBe(to);
        },
      ),
    );
  });
});

describe('limits', () => {
  for (const [name, [sampled_us, busy_us, rwnd_limited_us, sndbuf_limited_us, local_limited_us], expected] of [
    ['nothing sampled', [0, 0, 0, 0, 0], { application: 0, network: 0, receiver: 0, sender: 0, host: 0 }],
    ['idle', [100, 0, 0, 0, 0], { application: 1, network: 0, receiver: 0, sender: 0, host: 0 }],
    ['each its share', [100, 80, 20, 10, 10], { application: 0.2, network: 0.4, receiver: 0.2, sender: 0.1, host: 0.1 }],
    ['no way to send', [100, 80, 0, 0, 80], { application: 0.2, network: 0, receiver: 0, sender: 0, host: 0.8 }],
    ['busy beyond the interval', [100, 125, 125, 3, 2], { application: 0, network: 0, receiver: 1, sender: 0, host: 0 }],
  ] as const) {
    test(name, () => expect(limitsOf({ sampled_us, busy_us, rwnd_limited_us, sndbuf_limited_us, local_limited_us })).toEqual(expected));
  }
});

test('addresses and networks as people write them', () => {
  expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('::ffff:0:c000:201')).toBe('::ffff:0:c000:201');
  expect(plainNetwork('::ffff:192.0.2.0')).toBe('192.0.2.0/24');
  expect(plainNetwork('2001:db8::')).toBe('2001:db8::/64');
});

describe('story', () => {
  const head = {
    netns: '1',
    cgroup_id: '2',
    pid: 3,
    comm: 'c',
    role: 'client',
    local_addr: '::1',
    local_port: 4,
    peer_addr: '::2',
    peer_port: 5,
  } as const;
  const transition = (
    time_ms: number,
    old_state: Transition['old_state'],
    new_state: Transition['new_state'],
    duration_us: number,
  ): Transition => ({
    ...head,
    owner: 'unknown',
    state: new_state,
    time_ms,
    old_state,
    new_state,
    duration_us,
  });
  const chapters = { events: [], transitions: [], samples: [], retransmits: [], resets: [], drops: [], congestion: [] };

  test('nothing stored', () => expect(storyOf(chapters)).toBeUndefined());

  test('an open connection stays in its last state', () => {
    const story = storyOf({
      ...chapters,
      transitions: [transition(10, 'syn_sent', 'established', 0), transition(20, 'established', 'close_wait', 10_000)],
    });
    expect(story?.states).toEqual([
      { state: 'established', from_ms: 10, to_ms: 20 },
      { state: 'close_wait', from_ms: 20, to_ms: null },
    ]);
    expect(story).toMatchObject({
      state: 'close_wait',
      closed_ms: null,
      bytes_sent: null,
      total_retrans: null,
      connect_us: null,
      end_reason: 'none',
    });
  });

  test('the owner is whoever was known last', () => {
    const known = { ...transition(10, 'syn_sent', 'established', 0), owner: 'connect', pid: 77, comm: 'known' } as const;
    expect(storyOf({ ...chapters, transitions: [known, transition(20, 'established', 'close', 0)] })).toMatchObject({
      pid: 77,
      comm: 'known',
      owner: 'connect',
    });
  });
});
