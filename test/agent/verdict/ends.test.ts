// Which sockets are the two ends of one connection.
import { expect, test } from 'vitest';
import { Alike } from '../../../agent/verdict/alike.ts';
import { type End, endsOf, joinEnds } from '../../../agent/verdict/ends.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
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

const groupsOf = (packets: readonly Rows['packet'][]) => {
  const alike = new Alike(packets);
  return (end: End) => alike.groupOf(end);
};

/** How the first of these ends is joined, and with which. */
const joined = (ends: End[], packets: readonly Rows['packet'][] = []) => {
  const [first] = ends;
  const peer = first && joinEnds(ends, groupsOf(packets)).get(first);
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
  expect(joined(ends)).toBe(expected);
});

const TRANSLATED = { local_addr: '10.0.0.2', local_port: 80, peer_addr: '10.9.9.9', peer_port: 61000 };
const [older_client, older_server] = [
  { ...client, ...UNKNOWN },
  { ...server, ...UNKNOWN, ...TRANSLATED },
];
/** A packet as it was seen under these names. */
const seen = (names: typeof A, of: Partial<Rows['packet']> = {}) =>
  rowOf('packet', { ...names, seq: 500, ack: 700, tsval: 3, tsecr: 4, tcp_flags: 16, ...of });
const B_TRANSLATED = { ...B, ...TRANSLATED };
/** As a router sees it before and behind its translation. */
const ROUTER = {
  host_id: 9n,
  netns: 9n,
  local_addr: A.peer_addr,
  local_port: A.peer_port,
  peer_addr: A.local_addr,
  peer_port: A.local_port,
};
const ROUTER_BEHIND = { ...TRANSLATED, host_id: 9n, netns: 9n };

test.each<[string, End[], Rows['packet'][], string]>([
  ['a packet that both ends saw', [older_client, older_server], [seen(A), seen(B_TRANSLATED)], 'packets 2'],
  ['nothing that both saw', [older_client, older_server], [seen(A), seen(B_TRANSLATED, { seq: 501 })], 'unobserved'],
  [
    'the router saw one packet before and another one behind it',
    [older_client, older_server],
    [
      seen(A),
      seen(ROUTER),
      seen(ROUTER, { seq: 900 }),
      seen(ROUTER_BEHIND, { seq: 900 }),
      seen(ROUTER_BEHIND, { ack: 1 }),
      seen(B_TRANSLATED, { ack: 1 }),
    ],
    'packets 2',
  ],
  [
    'a scanner’s SYNs are alike',
    [older_client, older_server],
    [seen(A, { tcp_flags: 2 }), seen(B_TRANSLATED, { tcp_flags: 2 })],
    'unobserved',
  ],
  [
    'what acknowledges something else is another packet',
    [older_client, older_server],
    [seen(A), seen(B_TRANSLATED, { ack: 701 })],
    'unobserved',
  ],
  ['so are resets', [older_client, older_server], [seen(A, { tcp_flags: 20 }), seen(B_TRANSLATED, { tcp_flags: 20 })], 'unobserved'],
  [
    'two behind it that fit',
    [older_client, older_server, { ...older_server, host_id: 3n, connection_id: 3n }],
    [seen(A), seen(B_TRANSLATED), seen({ ...B_TRANSLATED, host_id: 3n })],
    'several',
  ],
  [
    'a socket that had the same names before is no other end',
    [older_client, { ...older_client, connection_id: 5n, first_ns: 20_500_000_000n, last_ns: 21_000_000_000n }, older_server],
    [seen(A), seen(B_TRANSLATED)],
    'packets 2',
  ],
  [
    'the same names in another namespace are another connection’s',
    [older_client, { ...older_server, netns: 4n }],
    [seen(A), seen(B_TRANSLATED)],
    'unobserved',
  ],
  ['sequence numbers are surer', [client, { ...server, ...TRANSLATED }], [seen(A), seen(B_TRANSLATED)], 'isn 2'],
  ['without a translation the names', [older_client, { ...server, ...UNKNOWN, host_id: 1n }], [seen(A)], 'tuple 2'],
])('older than the agent, behind a translation: %s', (_, ends, packets, expected) => {
  expect(joined(ends, packets)).toBe(expected);
});

test('a chain of twenty thousand names is one group', () => {
  const names = Array.from({ length: 20_000 }, (_, at) => ({ ...A, peer_addr: String(at) }));
  const alike = new Alike(names.flatMap((each, at) => [seen(each, { seq: at }), seen(each, { seq: at + 1 })]).reverse());
  expect(alike.groupOf({ ...client, peer_addr: '0' })).toBe(alike.groupOf({ ...client, peer_addr: '19999' }));
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
