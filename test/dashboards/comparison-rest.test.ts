// What else has changed between two investigations: connects, resets, whose the time was, drops, networks.
import { expect, test } from 'vitest';
import { restOf } from '../../dashboards/comparison-rest.ts';
import { comparisonOf, type Side } from '../../dashboards/verdict-comparison.ts';
import type { Verdict } from '../../server/api.ts';
import { MINUTE_MS, side } from './verdict-side.ts';

type Claim = Verdict['claims'][number];
const claim = (about: Claim['about'], cause: Claim['cause'], figures: Partial<Claim>): Claim => ({
  about,
  cause,
  network: '10.2.0.0/24',
  connections: 0,
  of_connections: 0,
  us: 0,
  of_us: 0,
  sentence: '',
  missing: '',
  rests_on: [],
  ...figures,
});
const dropped = (reason: string, segments: number): Verdict['dropped'][number] => ({
  host_id: '1',
  reason,
  location: reason === 'netfilter_drop' ? 'nft_do_chain' : '',
  ifindex: 2,
  segments,
});

const BEFORE: Partial<Verdict> = {
  claims: [
    claim('connect', 'no_listener', { connections: 3 }),
    claim('connect', 'no_listener', { connections: 1, network: '10.3.0.0/24' }),
    claim('connect', 'accept_queue_full', { connections: 2 }),
    claim('slow', 'loss', { us: 30e6, of_us: 60e6 }),
    claim('slow', 'path', { us: 30e6, of_us: 60e6 }),
    claim('slow', 'path', { us: 40e6, of_us: 40e6, network: '10.3.0.0/24' }),
  ],
  dropped: [dropped('netfilter_drop', 8), dropped('qdisc_drop', 2)],
};
const AFTER: Partial<Verdict> = {
  claims: [
    claim('connect', 'accept_queue_full', { connections: 8 }),
    claim('reset', 'linger', { connections: 5 }),
    claim('slow', 'path', { us: 50e6, of_us: 50e6 }),
  ],
  dropped: [dropped('netfilter_drop', 2)],
};
const told = (one: Side, other: Side) => {
  const plain = (text: string) => text.replaceAll(/[\u202f\u00a0]/g, ' ');
  return Object.fromEntries(
    restOf(comparisonOf(one, other)).map(({ name, rows }) => [
      name,
      rows.map(({ what, before, after, change }) => [what, before, after, plain(change)]),
    ]),
  );
};

test('each by its rate, whatever the network; times by their share of all the time', () => {
  const after = side(10, {}, { stopped_ms: 11 * MINUTE_MS }, AFTER);
  expect(told(after, side(1, {}, {}, BEFORE))).toEqual({
    connect: [
      ['accept queue full', 2, 8, '× 8'],
      ['nobody listened', 4, 0, 'gone'],
    ],
    reset: [['SO_LINGER of 0 seconds', 0, 5, 'new']],
    slow: [
      ['path', 0.7, 1, '+30 points'],
      ['loss', 0.3, 0, '−30 points'],
    ],
    dropped: [
      ['netfilter_drop in nft_do_chain', 8, 2, '× 0.5'],
      ['qdisc_drop', 2, 0, 'gone'],
    ],
  });
});

test('where no time was looked at there is no share of it', () => {
  expect(told(side(1, {}, {}, BEFORE), side(5, {}))['slow']).toEqual([
    ['path', 0.7, null, '–'],
    ['loss', 0.3, null, '–'],
  ]);
});

test('of two that are not comparable nothing is said, and of what neither has neither', () => {
  expect(told(side(1, {}, {}, BEFORE), side(5, {}, { expression: 'port = 80' }, AFTER))).toEqual({});
  expect(told(side(1, {}), side(5, {}))).toEqual({});
});
