// What the sender's rows alone tell of segments that were sent again.
import { expect, test } from 'vitest';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
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
const ISN = 5000;
const at = (ms: number) => ({ ...SOCKET, time_ns: BigInt(ms) * 1_000_000n });
const sent = (ms: number, seq: number, length: number) =>
  rowOf('packet', { ...at(ms), direction: 'sent', place: 'device_out', seq: ISN + seq, length, tcp_flags: 16, segments: 1 });
const heard = (ms: number, ack: number) =>
  rowOf('packet', { ...at(ms), connection_id: 0n, direction: 'received', place: 'device_in', ack: ISN + ack, tcp_flags: 16, segments: 1 });
/** The second thousand bytes are sent again, and the firewall of the host drops that. */
const failed = [rowOf('retransmit', { ...at(200), seq: 1001, end_seq: 2001, bytes: 1000, segments: 1, class: 'rto', outcome: 'failed' })];
const known = [rowOf('connection', { ...at(1), event: 'open', snd_isn: ISN, rcv_isn: 1 })];

test.each<[string, Rows['packet'][], string]>([
  ['nothing left since, and it is acknowledged: it had arrived', [sent(10, 1, 2000), heard(300, 2001)], 'not_needed'],
  [
    'a later packet has its bytes in the middle: which of them came is not known',
    [sent(10, 1, 2000), sent(250, 1, 2000), heard(300, 2001)],
    'not_known',
  ],
])('%s', (_, packet, cause) => {
  const { verdicts } = judgeAll({ ...NO_EVIDENCE, connection: known, retransmit: failed, packet });
  expect(verdicts.map((verdict) => verdict.cause)).toEqual([cause]);
});

/** Three segments in one packet are sent again from the head of the queue; the peer has said that it has what comes behind them. */
const stamped = (row: Rows['packet'], tsval: number, tsecr: number) => ({ ...row, tsval, tsecr, has_timestamps: true });
const three = (ms: number, tsval: number) => stamped({ ...sent(ms, 1, 3000), segments: 3, mss: 1000 }, tsval, 1);
const again = { seq: 1, end_seq: 3001, bytes: 3000, segments: 3, mss: 1000, class: 'rto', head_of_queue: true, srtt_us: 10_000 } as const;
const behind = { sack1_from: ISN + 3001, sack1_to: ISN + 4001 };

test.each<[string, number, string]>([
  ['an acknowledgement of all echoes the first transmission: each had arrived', 100, 'not_needed'],
  ['it echoes what was sent again: none had', 310, 'lost_outward'],
])('%s', (_, echoed, cause) => {
  const packet = [
    three(10, 100),
    stamped(sent(11, 3001, 1000), 100, 1),
    { ...stamped(heard(20, 1), 5, 100), ...behind },
    three(220, 310),
    stamped(heard(231, 4001), 6, echoed),
    stamped(heard(900, 4001), 7, echoed),
  ];
  const { verdicts } = judgeAll({
    ...NO_EVIDENCE,
    connection: known,
    retransmit: [rowOf('retransmit', { ...at(220), ...again })],
    packet,
  });
  expect(verdicts.map((verdict) => verdict.cause)).toEqual([cause, cause, cause]);
});
