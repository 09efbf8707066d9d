// What is said of an investigation before it starts, while it runs, and at each host.
import { describe, expect, test } from 'vitest';
import {
  backWords,
  estimateSaid,
  hostSaid,
  mayOperate,
  otherEndWords,
  stateWords,
  whyNotWords,
} from '../../dashboards/investigation-words.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const ASKED = { detail: 'packets', rows_per_s: 500 } as const;
const FOUND = { hosts: 2, connections: 12, segments_per_s: 1400.4, segments_per_s_most: 900 };
type Case = [string, Parameters<typeof estimateSaid>, [severity: string, text: string | RegExp][]];

describe('an estimate', () => {
  const cases: Case[] = [
    [
      'that its budget does not suffice for',
      [FOUND, 3, ASKED],
      [
        ['none', '12 connections on 2 hosts in the last five minutes; about 1 400 segments/s; the busiest host 900/s.'],
        ['warn', /^With 500 rows\/s for each host, rows will be left out/],
        ['none', 'It would run on 3 hosts.'],
      ],
    ],
    [
      'within its budget, of one host',
      [{ hosts: 1, connections: 1, segments_per_s: 3, segments_per_s_most: 3 }, 1, ASKED],
      [
        ['none', '1 connection on 1 host in the last five minutes; about 3 segments/s.'],
        ['none', 'It would run on 1 host.'],
      ],
    ],
    [
      'whose detail has no row for each segment',
      [FOUND, 2, { ...ASKED, detail: 'rows' }],
      [
        ['none', /^12 connections/],
        ['none', /2 hosts/],
      ],
    ],
    [
      'of nothing yet',
      [{ hosts: 0, connections: 0, segments_per_s: null, segments_per_s_most: null }, 2, ASKED],
      [
        ['warn', /^No connection of the last five minutes matches/],
        ['none', 'It would run on 2 hosts.'],
      ],
    ],
    ['for no host', [FOUND, 0, ASKED], [['warn', /^No host of the fleet is meant/]]],
  ];
  test.each(cases)('%s', (_, asked, wanted) => {
    const said = estimateSaid(...asked).map(({ severity, text }) => [severity, plain(text)]);
    expect(said).toEqual(wanted.map(([severity, text]) => [severity, typeof text === 'string' ? text : expect.stringMatching(text)]));
  });
});

test.each([
  [{ state: 'waiting', reason: null, words: '' }, 'none', /has not said yet/],
  [{ state: 'running', reason: null, words: '' }, 'ok', /^$/],
  [{ state: 'ended', reason: 'by_hand', words: '' }, 'none', /^somebody stopped it$/],
  [{ state: 'ended', reason: 'budget', words: '' }, 'none', /as many rows as it may$/],
  [{ state: 'ended', reason: 'safety', words: 'the agent used 40 % of a processor' }, 'warn', /too much for the host: the agent used 40 %/],
  [{ state: 'ended', reason: 'refused', words: 'this kernel has no such hook' }, 'warn', /refused it: this kernel/],
] as const)('at a host: %j', (state, severity, words) => {
  const said = hostSaid(state);
  expect(said).toMatchObject({ label: state.state, severity });
  expect(said.words).toMatch(words);
});

test('whether the other end is watched is said only where it has begun', () => {
  const other_end = { watched: false, why: 'process is of one end' };
  expect(otherEndWords({ state: 'waiting', slot: 0, other_end })).toBe('');
  expect(otherEndWords({ state: 'ended', slot: 0, other_end })).toBe('');
  expect(otherEndWords({ state: 'running', slot: 3, other_end })).toBe('not watched: process is of one end');
  expect(otherEndWords({ state: 'ended', slot: 3, other_end: { watched: true, why: '' } })).toBe('watched too');
});

test('how far a black box reaches back, where there is one', () => {
  expect(backWords({ looked_back: 0, looks_back_ms: 0 })).toBe('');
  expect(plain(backWords({ looked_back: 1200, looks_back_ms: 89_100 }))).toMatch(/^1 200 rows of the (90 s|1 min 30 s) before$/);
});

test('how long it runs yet, or since when it does not', () => {
  const now_ms = new Date(2026, 2, 1, 12, 0, 0).getTime();
  const at = (seconds: number) => now_ms + seconds * 1000;
  expect(plain(stateWords({ state: 'running', ends_ms: at(41.2), stopped_ms: null }, now_ms))).toBe('running, 42 s left');
  expect(plain(stateWords({ state: 'running', ends_ms: at(-1), stopped_ms: null }, now_ms))).toMatch(/^running, 0/);
  expect(stateWords({ state: 'ended', ends_ms: at(-60), stopped_ms: null }, now_ms)).toBe('ended at 11:59:00');
  expect(stateWords({ state: 'ended', ends_ms: at(60), stopped_ms: at(-2) }, now_ms)).toBe('stopped at 11:59:58');
});

test('who may start one, and what the others read', () => {
  expect([null, 'viewer', 'operator', 'admin'].map((role) => mayOperate(role === null ? null : { role: role as 'viewer' }))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(whyNotWords({ kind: 'user', role: 'viewer' })).toMatch(/needs the role operator, and you are viewer here/);
  expect(whyNotWords({ kind: 'user', role: 'viewer' })).not.toMatch(/admin link/);
  expect(whyNotWords({ kind: 'local', role: 'viewer' })).toMatch(/tcplens admin link/);
});
