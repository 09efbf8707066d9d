// Which sockets are the two ends of one connection.
import { expect, test } from 'vitest';
import { type End, endsOf, joinEnds } from '../../../agent/verdict/ends.ts';
import { NO_EVIDENCE, rowOf } from './rows.ts';

const A = { host_id: 1n, netns: 1n, local_addr: '10.0.0.1', local_port: 4000, peer_addr: '10.0.0.2', peer_port: 80 };
const B = { host_id: 2n, netns: 1n, local_addr: '10.0.0.2', local_port: 80, peer_addr: '10.0.0.1', peer_port: 4000 };
const UNKNOWN = { snd_isn: undefined, rcv_isn: undefined };

const endOf = (of: Partial<End>, id: bigint): End => ({
  ...A,
  connection_id: id,
  snd_isn: 100,
  rcv_isn: 200,
  first_ns: 10_000_000_000n,
  last_ns: 20_000_000_000n,
  ...of,
});
const client = endOf({}, 1n);
const server = endOf({ ...B, snd_isn: 200, rcv_isn: 100 }, 2n);

/** How the first of these ends is joined, and with which. */
const joined = (...ends: End[]) => {
  const [first] = ends;
  const peer = first && joinEnds(ends).get(first);
  return peer?.end ? `${peer.joined_by} ${peer.end.connection_id}` : peer?.doubt;
};

test.each<[string, End[], string]>([
  ['both initial sequence numbers', [client, server], 'isn 2'],
  [
    'a translation on the way changes names, not sequence numbers',
    [client, { ...server, peer_addr: '10.9.9.9', peer_port: 61000 }],
    'isn 2',
  ],
  ['older than the agent: the names', [client, { ...server, ...UNKNOWN }], 'tuple 2'],
  [
    'both older than the agent',
    [
      { ...client, ...UNKNOWN },
      { ...server, ...UNKNOWN },
    ],
    'tuple 2',
  ],
  ['a proxy has the names and sequence numbers of its own', [client, { ...server, snd_isn: 300, rcv_isn: 400 }], 'unobserved'],
  ['a SYN proxy keeps one of the two', [client, { ...server, snd_isn: 999 }], 'unobserved'],
  [
    'the same names at another time',
    [
      { ...client, ...UNKNOWN },
      { ...server, ...UNKNOWN, first_ns: 40_000_000_000n, last_ns: 50_000_000_000n },
    ],
    'unobserved',
  ],
  [
    'two that fit',
    [
      { ...client, ...UNKNOWN },
      { ...server, ...UNKNOWN },
      { ...server, ...UNKNOWN, host_id: 3n, connection_id: 3n },
    ],
    'several',
  ],
  ['two that fit by names, one by sequence numbers', [client, { ...server, ...UNKNOWN, connection_id: 3n }, server], 'isn 2'],
  ['nobody watched the peer', [client], 'unobserved'],
  ['both ends on one host', [client, { ...server, host_id: 1n }], 'isn 2'],
])('%s', (_, ends, expected) => {
  expect(joined(...ends)).toBe(expected);
});

test('an end is all rows of a socket: what one does not know another does', () => {
  const ends = endsOf({
    ...NO_EVIDENCE,
    retransmit: [
      rowOf('retransmit', { ...A, connection_id: 7n, time_ns: 30n }),
      rowOf('retransmit', { ...A, connection_id: 0n, time_ns: 1n }),
    ],
    progress: [rowOf('progress', { ...A, connection_id: 7n, time_ns: 50n, snd_isn: 5, rcv_isn: 6 })],
    packet: [rowOf('packet', { ...A, connection_id: 7n, time_ns: 20n, direction: 'sent' })],
  });
  expect([...ends.values()]).toMatchObject([{ connection_id: 7n, snd_isn: 5, rcv_isn: 6, first_ns: 20n, last_ns: 50n }]);
});
