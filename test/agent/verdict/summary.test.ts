// Figures and sentences of an investigation's verdicts.
import { expect, test } from 'vitest';
import { type Cause, notKnown, type Verdict } from '../../../agent/verdict/cause.ts';
import { sentences, subnetOf, summarize } from '../../../agent/verdict/summary.ts';
import { rowOf } from './rows.ts';

const verdicts = (count: number, cause: Cause, peer_addr = '10.2.0.7', peer_observed = true): Verdict[] =>
  Array.from({ length: count }, () => ({
    ...notKnown(''),
    cause,
    why: cause === 'not_needed' ? 'delayed' : undefined,
    peer_observed,
    packet: undefined,
    segment: { seq: 0, end: 1, at_ns: 0, part: 0, row: rowOf('retransmit', { peer_addr }) },
  }));

test('by cause and network, the largest first', () => {
  const all = [
    ...verdicts(1, 'not_known', '10.3.0.1', false),
    ...verdicts(383, 'lost_outward'),
    ...verdicts(9, 'lost_backward', '10.2.0.9'),
    ...verdicts(20, 'not_needed'),
  ];
  const summary = summarize(all, []);
  expect(summary.all).toMatchObject({
    segments: 413,
    peer_observed: 412,
    by_cause: { lost_outward: 383, dropped_here: 0 },
    by_why: { delayed: 20 },
  });
  expect(sentences(summary)).toEqual([
    '93 % of 412 retransmitted segments to 10.2.0.0/24 were lost outward; 5 % were not needed; 2 % had arrived, and their acknowledgement was lost on the way back.',
    '100 % of 1 retransmitted segments to 10.3.0.0/24 are not known.',
    "The peer's end was observed for 99.76 %.",
  ]);
});

test('nothing was sent again', () => {
  expect(sentences(summarize([], []))).toEqual([]);
});

test('a few of very many are not none, and not all is not 100 %', () => {
  const [first = ''] = sentences(summarize([...verdicts(30_000, 'lost_outward'), ...verdicts(1, 'dropped_here')], []));
  expect(first).toBe(
    "99.99 % of 30001 retransmitted segments to 10.2.0.0/24 were lost outward; 0.01 % were dropped by the sender's own host.",
  );
});

test.each([
  ['10.2.0.7', '10.2.0.0/24'],
  ['fd82::1', 'fd82:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
])('the network of %s', (address, network) => {
  expect(subnetOf(address)).toBe(network);
});
