// Whether the path takes no large packets, from what was lost and what came.
import { expect, test } from 'vitest';
import { claimsOf } from '../../../agent/verdict/claims.ts';
import { findInSteps } from '../../../agent/verdict/found.ts';
import { atOnce } from '../../../agent/verdict/joined.ts';
import { type Sized, type Sizes, sizeVerdicts } from '../../../agent/verdict/sizes.ts';
import { NO_EVIDENCE, rowOf } from './rows.ts';

const SECOND = 1e9;
const ROW = rowOf('packet', {});
/** `[bytes, seconds]` of each. */
type Told = readonly (readonly [bytes: number, at_s: number])[];
const sized = (told: Told): Sized[] => told.map(([bytes, at_s]) => ({ bytes, at_ns: at_s * SECOND, row: ROW }));

const END = {
  host_id: 1n,
  netns: 1n,
  connection_id: 1n,
  local_addr: '10.1.0.1',
  local_port: 40_000,
  peer_addr: '10.2.0.1',
  peer_port: 80,
  snd_isn: undefined,
  rcv_isn: undefined,
  first_ns: 0n,
  last_ns: 0n,
};
const way = (lost: Told, came: Told, end: Partial<typeof END> = {}): Sizes => ({
  end: { ...END, ...end },
  lost: sized(lost),
  came: sized(came),
});

const STUCK: Told = [
  [1448, 1],
  [1448, 1.2],
  [1448, 1.6],
  [1448, 2.4],
];
const SMALL: Told = [
  [300, 0.5],
  [0, 1.1],
  [0, 1.5],
  [0, 2],
];

type Case = { name: string; ways: Sizes[]; told: readonly { large: number; connections: number; came: number; largest: number }[] };
const CASES: Case[] = [
  { name: 'large ones only', ways: [way(STUCK, SMALL)], told: [{ large: 4, connections: 1, came: 3, largest: 300 }] },
  {
    name: 'of several connections',
    ways: [way(STUCK.slice(0, 2), SMALL), way([[1448, 2.2]], [], { connection_id: 2n })],
    told: [{ large: 3, connections: 2, came: 3, largest: 300 }],
  },
  { name: 'nothing at all came any more', ways: [way(STUCK, [[300, 0.5]])], told: [] },
  { name: 'a large one came', ways: [way(STUCK, [...SMALL, [1448, 0.2]])], told: [] },
  { name: 'one as large came in the midst of it', ways: [way(STUCK, [...SMALL, [1460, 1.4]])], told: [] },
  {
    name: 'a large one came once the path took it',
    ways: [way(STUCK, [...SMALL, [1448, 2.4]])],
    told: [{ large: 4, connections: 1, came: 3, largest: 300 }],
  },
  { name: 'small ones are lost as well', ways: [way([...STUCK, [200, 1.3], [0, 1.4]], SMALL)], told: [] },
  { name: 'two losses may be chance', ways: [way(STUCK.slice(0, 2), SMALL)], told: [] },
  {
    name: 'what every link takes',
    ways: [
      way(
        STUCK.map(([, at_s]) => [400, at_s] as const),
        SMALL,
      ),
    ],
    told: [],
  },
  { name: 'another host of the network answers', ways: [way(STUCK, []), way([], SMALL, { peer_addr: '10.2.0.2' })], told: [] },
  {
    name: 'from another host they come',
    ways: [way(STUCK, SMALL), way([], [[1448, 0.1]], { host_id: 2n })],
    told: [{ large: 4, connections: 1, came: 3, largest: 300 }],
  },
];

test.each(CASES)('$name', ({ ways, told }) => {
  const found = sizeVerdicts(ways).map(({ lost, ends, came, largest_bytes }) => ({
    large: lost.length,
    connections: ends.length,
    came: came.length,
    largest: largest_bytes,
  }));
  expect(found).toEqual(told);
});

test('the claim says how large, and rests on rows', () => {
  const { causes, judged } = atOnce(findInSteps(NO_EVIDENCE));
  const claims = (came: Told) => claimsOf({ causes, judged: { ...judged, sizes: [way(STUCK, came)] } });
  expect(claims(SMALL)).toMatchObject([
    { about: 'size', cause: 'only_small_come', network: '10.2.0.0/24', connections: 1, of_connections: 1, missing: '' },
  ]);
  expect(claims(SMALL)[0]?.rests_on).toHaveLength(7);
  const words = (came: Told) => claims(came).map(({ sentence }) => sentence);
  const path =
    'as if something on the way took no larger ones and told nobody (a path MTU black hole); with net.ipv4.tcp_mtu_probing = 1 a sender finds what gets through.';
  expect(words(SMALL)).toEqual([
    `None of 4 segments with 1448 bytes or more got through to 10.2.0.1, and 3 packets with at most 300 bytes of data did: ${path}`,
  ]);
  expect(words(SMALL.slice(1))).toEqual([
    `None of 4 segments with 1448 bytes or more got through to 10.2.0.1, and 3 packets without data did: ${path}`,
  ]);
});
