// What the sender's rows alone tell of a segment that its own host did not let out again.
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
