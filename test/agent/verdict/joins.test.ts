// How many sockets were joined with their other end, and what is said of it.
import { expect, test } from 'vitest';
import type { End, Peer } from '../../../agent/verdict/ends.ts';
import { countJoins, type Joins, joinsSentences, noJoins } from '../../../agent/verdict/joins.ts';

const END = {} as End;

test('sockets by how they were joined, or why not', () => {
  const peers: Peer[] = [
    { end: END, joined_by: 'isn' },
    { end: END, joined_by: 'isn' },
    { end: END, joined_by: 'packets' },
    { end: undefined, doubt: 'several' },
  ];
  expect(countJoins(peers)).toEqual({ isn: 2, packets: 1, tuple: 0, several: 1, unobserved: 0 });
});

test.each<[string, Partial<Joins>, string[]]>([
  ['no socket', {}, []],
  ['all alike', { isn: 4 }, ['Of 4 sockets, 4 are joined with their other end: 4 by both initial sequence numbers.']],
  ['nobody watched the other ends', { unobserved: 3 }, ['Of 3 sockets, 3 have no other end among the rows.']],
  [
    'some of each',
    { isn: 6, packets: 2, tuple: 1, several: 1, unobserved: 2 },
    [
      'Of 12 sockets, 9 are joined with their other end: 6 by both initial sequence numbers, 2 by packets that both ends have, under names that are translated on the way, 1 by addresses, ports and time alone.',
      'Of 12 sockets, 2 have no other end among the rows.',
      'Of 12 sockets, 1 may belong to several other ends, and is joined with none.',
    ],
  ],
])('%s', (_, joins, expected) => {
  expect(joinsSentences({ ...noJoins(), ...joins })).toEqual(expected);
});
