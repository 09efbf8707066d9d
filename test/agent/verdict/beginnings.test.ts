// Where the sequence numbers of sockets begin whose handshake nobody saw.
import { expect, test } from 'vitest';
import { Beginnings } from '../../../agent/verdict/beginnings.ts';
import { endsOf } from '../../../agent/verdict/ends.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { NO_EVIDENCE, rowOf } from './rows.ts';

const SOCKET = {
  host_id: 1n,
  netns: 1n,
  connection_id: 7n,
  local_addr: '10.0.0.1',
  local_port: 4000,
  peer_addr: '10.0.0.2',
  peer_port: 80,
};
const ISN = 2 ** 32 - 500;

const again = (at_us: number, seq: number, bytes = 1000) =>
  rowOf('retransmit', { ...SOCKET, time_ns: BigInt(at_us) * 1000n, seq, bytes, end_seq: seq + bytes, class: 'fast' });
/** A packet of so many bytes that begins so many behind the first sequence number. */
const packet = (at_us: number, seq: number, length = 1000) =>
  rowOf('packet', { ...SOCKET, time_ns: BigInt(at_us) * 1000n, seq: (ISN + seq) >>> 0, length, tcp_flags: 16, direction: 'sent' });

test.each<[string, Rows['retransmit'][], Rows['packet'][], number | undefined]>([
  ['the packet just before its row', [again(10, 1)], [packet(9, 1)], ISN],
  ['of another length', [again(10, 1)], [packet(9, 1, 500)], undefined],
  ['long before', [again(9000, 1)], [packet(9, 1)], undefined],
  ['its own packet was dropped, and new data of the same length left', [again(10, 1)], [packet(1, 1, 3000), packet(9, 3001)], undefined],
  ['old data of the same length', [again(10, 1)], [packet(1, 1, 3000), packet(9, 1)], ISN],
  ['one row, and two packets that may be its own', [again(10, 1)], [packet(1, 1, 9000), packet(8, 1), packet(9, 3001)], undefined],
  [
    'its own packet was dropped, and another one left: the other rows agree',
    [again(10, 1), again(5000, 2001), again(10_000, 4001)],
    [packet(9, 9001), packet(4999, 2001), packet(9999, 4001)],
    ISN,
  ],
  ['rows that do not agree', [again(10, 1), again(5000, 2001)], [packet(9, 9001), packet(4999, 2001)], undefined],
])('%s', (_, retransmit, packets, expected) => {
  const evidence = { ...NO_EVIDENCE, retransmit, packet: packets };
  expect(new Beginnings(evidence, endsOf(evidence)).senderOf(retransmit)?.isn).toBe(expected);
});
