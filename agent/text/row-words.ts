// A row in words, in a line for a person: first what happened, then what explains it. Pure. Values that are 0 or unknown are left out where
// that says the same.
import type { Kind, Meaning, Rows } from '../../bpf/rows/rows.gen.ts';
import { bytes, duration } from '../process/amounts.ts';

type Row = Rows[Kind];

/** What it means that a packet was freed. */
const MEANT = {
  lost: 'dropped',
  answered: 'answered and freed',
  duplicate: 'a duplicate',
  refused: 'refused by a RST',
} as const satisfies Record<Meaning, string>;

const WORDS: { [Name in Kind]: (row: Rows[Name]) => string } = {
  retransmit: (row) =>
    `${row.class} ${row.outcome}${row.err === 0 ? '' : ` (errno ${-row.err})`}, ${row.segments} segments, ${bytes(row.bytes)} from ${row.seq}, ` +
    `${row.ca_state}, cwnd ${row.snd_cwnd}, rto ${duration(row.rto_us)}, srtt ${duration(row.srtt_us)}` +
    (row.evidence === 'none' ? '' : `, earlier ones were not needed (${row.evidence})`),
  connection: (row) => (row.event === 'open' ? openWords(row) : endWords(row)),
  state_change: (row) => `${row.old_state} → ${row.new_state}${after(row.duration_us)}`,
  sample: (row) =>
    `${row.state}, sent ${bytes(row.bytes_sent)}, received ${bytes(row.bytes_received)} in ${duration(row.interval_us)}, ` +
    `${row.retrans} retransmitted, ${row.ca_state}, cwnd ${row.snd_cwnd}, srtt ${duration(row.srtt_us)}` +
    amounts([[bytes(row.unread), 'unread', row.unread]]),
  reset: (row) =>
    `${row.direction}${row.reason === '' ? '' : ` ${row.reason}`}${row.linger_zero ? ' (SO_LINGER 0)' : ''}, ` +
    (row.has_socket
      ? `${row.state}${after(row.state_us)}, peer silent for ${duration(row.idle_us)}, sent ${bytes(row.bytes_sent)}, received ${bytes(row.bytes_received)}` +
        amounts([
          [bytes(row.unread), 'unread', row.unread],
          [bytes(row.notsent), 'not sent', row.notsent],
          [String(row.packets_out), 'segments in flight', row.packets_out],
        ])
      : `no socket, for ${flagNames(row.tcp_flags)}`),
  congestion: (row) =>
    `${row.old_ca_state} → ${row.new_ca_state}${after(row.duration_us)}, cwnd ${row.snd_cwnd}` +
    amounts([
      [String(row.packets_out), 'in flight', row.packets_out],
      [String(row.lost_out), 'marked lost', row.lost_out],
      [String(row.sacked_out), 'sacked', row.sacked_out],
      [String(row.retrans), `sent again${notNeeded(row.retrans_spurious)}`, row.retrans],
    ]) +
    (row.evidence === 'none' ? '' : ` (${row.evidence})`),
  drop: (row) =>
    `${MEANT[row.meaning]}, ${row.direction === 'unknown' ? 'forwarded' : row.direction}, ${row.reason || `reason ${row.reason_code}`}${row.location === '' ? '' : ` in ${row.location}`}, ` +
    `${flagNames(row.tcp_flags)}, ${bytes(row.length)}, seq ${row.seq}${row.has_socket ? '' : ', no socket'}`,
  listener: (row) =>
    `${row.state === 'close' ? 'closed, ' : ''}accept queue ${row.accept_queue} of ${row.accept_queue_limit}, ${row.accepted} accepted, ${row.overflows} turned away by the full queue and ${row.drops} packets dropped${within(row.interval_us)}` +
    amounts([[String(row.syn_backlog), 'handshakes under way', row.syn_backlog]]),
  namespace: namespaceWords,
  progress: (row) =>
    `${flagNames(row.tcp_flags)} ${row.seq}–${row.end_seq}, ack ${row.ack}${row.sack1_to === 0 ? '' : `, sack ${row.sack1_from}–${row.sack1_to}`}; ` +
    `received to ${row.rcv_nxt}, acknowledged to ${row.snd_una}, ${row.packets_out} segments in flight, ${row.ca_state}, cwnd ${row.snd_cwnd}`,
  packet: (row) =>
    `${row.place === 'device_in' ? 'from' : 'to'} device ${row.ifindex}${row.direction === 'unknown' ? ', forwarded' : ''}, ${flagNames(row.tcp_flags)}, ` +
    `${bytes(row.length)}${row.segments > 1 ? ` in ${row.segments} segments` : ''}, seq ${row.seq}, ack ${row.ack}, window ${row.window}` +
    (row.sack1_to === 0 ? '' : `, sack ${row.sack1_from}–${row.sack1_to}`),
  stack: (row) =>
    `of a ${row.about === 'packet' ? 'zero window' : row.about}${row.about_reason === '' ? '' : ` (${row.about_reason})`}: ${row.stack.replaceAll(' ', ' < ')}`,
};

export function rowWords(row: Row): string {
  // The mapping is total; the type system just cannot see that `row` is of the kind `row.kind`.
  return (WORDS[row.kind] as (row: Row) => string)(row);
}

function openWords(row: Rows['connection']): string {
  return `open, ${row.role}${row.preexisting ? ', from before' : ''}${row.connect_us === 0 ? '' : `, connect ${duration(row.connect_us)}`}`;
}

function endWords(row: Rows['connection']): string {
  const error = row.sk_err === 0 ? '' : ` (errno ${row.sk_err})`;
  const retransmitted = `${row.total_retrans} retransmitted${notNeeded(row.retrans_spurious)}`;
  return (
    `${row.event}, ${row.end_reason}${error}${after(row.duration_us)}, sent ${bytes(row.bytes_sent)}, received ${bytes(row.bytes_received)}, ` +
    `${retransmitted}, srtt ${duration(row.srtt_us)}` +
    amounts([
      [String(row.unattributed), 'retransmitted unseen', row.unattributed],
      [duration(row.accept_us), 'until accepted', row.accept_us],
      [duration(row.first_receive_us), 'to the first answer', row.role === 'client' ? row.first_receive_us : 0],
      [bytes(row.unread), 'unread', row.unread],
      [bytes(row.notsent), 'not sent', row.notsent],
      [bytes(row.unacked), 'not acknowledged', row.unacked],
      [String(row.probes_out), 'probes unanswered', row.probes_out],
      [String(row.idle_restarts), `slow starts after up to ${duration(row.idle_restart_us)} without sending`, row.idle_restarts],
    ])
  );
}

function namespaceWords(row: Rows['namespace']): string {
  return (
    `${row.curr_estab} established, ${row.out_segs} segments out, ${row.in_segs} in, ${row.retrans_segs} retransmitted${within(row.interval_us)}` +
    amounts([
      [String(row.unattributed), 'retransmitted unseen', row.unattributed],
      [String(row.out_rsts), 'resets sent', row.out_rsts],
      [String(row.estab_resets), 'connections reset', row.estab_resets],
      [String(row.attempt_fails), 'connects failed', row.attempt_fails],
      [String(row.listen_overflows), 'accept queue overflows', row.listen_overflows],
      [String(row.listen_drops), 'refused by listeners', row.listen_drops],
      [String(row.to_zero_window), 'windows closed', row.to_zero_window],
      [String(row.time_wait), 'in TIME_WAIT', row.time_wait],
      [String(row.orphans), 'orphans on the host', row.orphans],
    ])
  );
}

type Amount = readonly [text: string, words: string, value: number];

/** ", 512 B unread, 3 probes unanswered": the amounts that are not 0. */
function amounts(all: readonly Amount[]): string {
  return all.map(([text, words, value]) => (value === 0 ? '' : `, ${text} ${words}`)).join('');
}

const after = (us: number): string => (us === 0 ? '' : ` after ${duration(us)}`);
/** Empty for the first row of a listener or namespace, with which counting begins. */
const within = (us: number): string => (us === 0 ? '' : ` in ${duration(us)}`);
const notNeeded = (segments: number): string => (segments === 0 ? '' : ` (${segments} not needed)`);

/** In the order of the header's bits, lowest first. */
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** "SYN ACK"; "no flags" for 0. */
function flagNames(flags: number): string {
  return TCP_FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0).join(' ') || 'no flags';
}
