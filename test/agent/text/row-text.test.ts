// Each kind as a person reads it in a terminal, from rows made byte by byte.
import { expect, test } from 'vitest';
import { rowLine, TABLE_HEADER } from '../../../agent/text/row-text.ts';
import {
  CA_STATE,
  CLASS,
  DIRECTION,
  END_REASON,
  EVENT,
  EVIDENCE,
  KIND,
  KINDS,
  type Kind,
  MEANING,
  ROLE,
  STATE,
} from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';

const ANY = '00000000000000000000000000000000';
const ENDS = { local_addr: '10.0.0.1', local_port: 443, peer_addr: '10.0.0.2', peer_port: 50_000 };
const S = 1_000_000;

function lineOf(kind: Kind, values: RowValues): string {
  const bytes = rowBytes(kind, values);
  return rowLine(KINDS[kind].read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0));
}

const what = (line: string) => line.slice(TABLE_HEADER.indexOf('WHAT'));

const cases: readonly (readonly [name: string, kind: Kind, values: RowValues, expected: string])[] = [
  [
    'a close with all that explains it',
    'connection',
    {
      event: EVENT.indexOf('close'),
      end_reason: END_REASON.indexOf('rst_sent'),
      sk_err: 104,
      role: ROLE.indexOf('client'),
      duration_us: 3 * S,
      bytes_sent: 2048,
      bytes_received: 10,
      total_retrans: 5,
      retrans_spurious: 2,
      unattributed: 1,
      first_receive_us: 20_000,
      unread: 512,
      probes_out: 3,
      idle_restarts: 2,
      idle_restart_us: 700_000,
      srtt_us: 1500,
    },
    'close, rst_sent (errno 104) after 3 s, sent 2 KiB, received 10 B, 5 retransmitted (2 not needed), srtt 1.5 ms, 1 retransmitted unseen, ' +
      '20 ms to the first answer, 512 B unread, 3 probes unanswered, 2 slow starts after up to 700 ms without sending',
  ],
  [
    'a failed connect',
    'connection',
    { event: EVENT.indexOf('failed'), end_reason: END_REASON.indexOf('refused'), sk_err: 111, duration_us: 800 },
    'failed, refused (errno 111) after 800 µs, sent 0 B, received 0 B, 0 retransmitted, srtt -',
  ],
  ['one that was there before', 'connection', { role: ROLE.indexOf('server'), preexisting: 1 }, 'open, server, from before'],
  [
    'a retransmission with evidence about earlier ones',
    'retransmit',
    { class: CLASS.indexOf('fast'), segments: 2, bytes: 2896, snd_cwnd: 10, rto_us: 204_000, evidence: EVIDENCE.indexOf('dsack') },
    'fast sent, 2 segments, 2.83 KiB from 0, open, cwnd 10, rto 204 ms, srtt -, earlier ones were not needed (dsack)',
  ],
  [
    'a zero window',
    'stack',
    { about: KIND.indexOf('packet'), stack: 'ip_output __tcp_transmit_skb' },
    'of a zero window: ip_output < __tcp_transmit_skb',
  ],
  [
    'a reset of a connection',
    'reset',
    {
      direction: DIRECTION.indexOf('sent'),
      reason: 'tcp_abort_on_close',
      linger_zero: 1,
      has_socket: 1,
      state: STATE.indexOf('close_wait'),
      state_us: 2 * S,
      idle_us: 30 * S,
      bytes_sent: 100,
      bytes_received: 200,
      unread: 77,
      packets_out: 1,
    },
    'sent tcp_abort_on_close (SO_LINGER 0), close_wait after 2 s, peer silent for 30 s, sent 100 B, received 200 B, 77 B unread, 1 segments in flight',
  ],
  [
    'a reset for a port that nobody listens on',
    'reset',
    { direction: DIRECTION.indexOf('sent'), reason: 'no_socket', tcp_flags: 2 },
    'sent no_socket, no socket, for SYN',
  ],
  [
    'a change of the congestion state',
    'congestion',
    {
      old_ca_state: CA_STATE.indexOf('recovery'),
      new_ca_state: CA_STATE.indexOf('open'),
      duration_us: 50_000,
      snd_cwnd: 7,
      lost_out: 2,
      retrans: 3,
      retrans_spurious: 3,
      evidence: EVIDENCE.indexOf('both'),
    },
    'recovery → open after 50 ms, cwnd 7, 2 marked lost, 3 sent again (3 not needed) (both)',
  ],
  [
    'a drop',
    'drop',
    { direction: DIRECTION.indexOf('received'), reason: 'netfilter_drop', location: 'nft_do_chain', tcp_flags: 0x18, length: 1448, seq: 9 },
    'dropped, received, netfilter_drop in nft_do_chain, PSH ACK, 1.41 KiB, seq 9, no socket',
  ],
  [
    'a drop that the kernel names by number only',
    'drop',
    { reason_code: 77, has_socket: 1 },
    'dropped, forwarded, reason 77, no flags, 0 B, seq 0',
  ],
  [
    'a probe that was answered',
    'drop',
    {
      direction: DIRECTION.indexOf('received'),
      meaning: MEANING.indexOf('answered'),
      reason: 'tcp_old_sequence',
      tcp_flags: 0x10,
      has_socket: 1,
    },
    'answered and freed, received, tcp_old_sequence, ACK, 0 B, seq 0',
  ],
  [
    'a listener',
    'listener',
    { accept_queue: 129, accept_queue_limit: 128, drops: 14, accepted: 900, syn_backlog: 3, interval_us: 10 * S },
    'accept queue 129 of 128, 900 accepted, 0 turned away by the full queue and 14 packets dropped in 10 s, 3 handshakes under way',
  ],
  [
    'a namespace at first sight',
    'namespace',
    { curr_estab: 1, orphans: 2 },
    '1 established, 0 segments out, 0 in, 0 retransmitted, 2 orphans on the host',
  ],
  [
    'a quiet namespace',
    'namespace',
    { curr_estab: 7, out_segs: 100, in_segs: 90, interval_us: 10 * S },
    '7 established, 100 segments out, 90 in, 0 retransmitted in 10 s',
  ],
  [
    'a namespace with trouble',
    'namespace',
    { retrans_segs: 20, unattributed: 3, out_rsts: 4, listen_overflows: 5, to_zero_window: 6, time_wait: 7, interval_us: 10 * S },
    '0 established, 0 segments out, 0 in, 20 retransmitted in 10 s, 3 retransmitted unseen, 4 resets sent, 5 accept queue overflows, 6 windows closed, 7 in TIME_WAIT',
  ],
];

test.each(cases)('%s', (_name, kind, values, expected) => expect(what(lineOf(kind, { ...ENDS, ...values }))).toBe(expected));

test('ends that a kind does not have are a dash', () => {
  const listener = lineOf('listener', { local_addr: ANY, local_port: 443, peer_addr: ANY });
  expect(listener.slice(TABLE_HEADER.indexOf('LOCAL'), TABLE_HEADER.indexOf('WHAT')).trim()).toMatch(/^\[::\]:443 +-$/);
  const namespace = lineOf('namespace', {});
  expect(namespace.slice(TABLE_HEADER.indexOf('LOCAL'), TABLE_HEADER.indexOf('WHAT')).trim()).toMatch(/^- +-$/);
});

test('a name cannot reach the terminal as a control character', () => {
  expect(lineOf('drop', { ...ENDS, reason: 'a\u001b[31mb', location: '\u0007', comm: '\u007f' })).not.toMatch(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the control characters that must not be there
    /[\u0000-\u001f\u007f]/,
  );
});
