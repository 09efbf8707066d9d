// One connection's story, as `GET /api/v1/connections/…` tells it.
import { type Static, Type } from 'typebox';
import { CA_STATE, DIRECTION, END_REASON, EVIDENCE, MEANING, OWNER, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { Count, Figure, Figures, Id, Limits, Ms, object, oneOf, Retransmit } from './schema.ts';

const Reset = object({
  time_ns: Id,
  direction: oneOf(DIRECTION),
  reason: Type.String({ description: 'the kernel’s name; empty where it does not say' }),
  state: oneOf(STATE),
  linger_zero: Type.Boolean({ description: 'SO_LINGER 0 was set: close() aborts' }),
  idle_us: Type.Integer({ minimum: 0, description: 'since the peer was last heard; 0 unknown' }),
  unread: Count,
  notsent: Count,
  packets_out: Count,
});

const Drop = object({
  time_ns: Id,
  direction: oneOf(DIRECTION),
  meaning: oneOf(MEANING),
  reason: Type.String(),
  location: Type.String({ description: 'the kernel function that dropped it; empty where symbols are hidden' }),
  tcp_flags: Count,
  seq: Count,
  length: Count,
});

const Congestion = object({
  time_ns: Id,
  old_ca_state: oneOf(CA_STATE),
  new_ca_state: oneOf(CA_STATE),
  duration_us: Type.Integer({ minimum: 0, description: 'in the old state; 0 unknown' }),
  snd_cwnd: Count,
  snd_ssthresh: Count,
  packets_out: Count,
  lost_out: Count,
  retrans: Count,
  retrans_spurious: Count,
  evidence: oneOf(EVIDENCE),
});

const OtherEnd = object({
  host_id: Id,
  host: Type.String(),
  connection_id: Id,
  comm: Type.String(),
  reset_sent_ms: Type.Union([Type.Number(), Type.Null()], {
    description:
      'when that end, by its own host, first sent a RST; on the clock of this end, where the handshake tells how far the two are apart; null: it sent none',
  }),
  clock_ahead_ms: Figure(
    'how far the clock of its host is ahead of this one’s, as the handshake tells; times of that end minus this are on the clock of this end; null where the handshake does not tell',
  ),
  clock_error_ms: Figure('how far that may be off; null where the handshake does not tell, and the clocks may differ by a second'),
  turn_us: Figure('µs, a server: on average from a read to its next write'),
  arrived: Type.Union(
    [
      object({
        data_there: Type.Integer({ minimum: 0, description: 'segments with payload that reached its socket' }),
        lost_back: Type.Integer({ minimum: 0, description: 'segments that it sent and that did not reach the socket here' }),
      }),
      Type.Null(),
    ],
    { description: 'by the counters of both sockets; null where not both were seen to their end' },
  ),
});

const PeerSaid = object({
  host: Type.String(),
  resets: Type.Integer({ minimum: 0, description: 'RSTs that the peer’s host sent to this end' }),
  reset_reason: Type.String({ description: 'the kernel’s name of why' }),
  dropped: Type.Integer({ minimum: 0, description: 'packets of this end that the peer’s host itself lost' }),
  drop_reason: Type.String({ description: 'the kernel’s name of why' }),
});

const Alike = object({
  connections: Count,
  turns: Type.Integer({ minimum: 0, description: 'requests that were answered on them' }),
  connect_us: Type.Integer({ minimum: 0, description: 'µs, all of their handshakes' }),
  duration_us: Type.Integer({ minimum: 0, description: 'µs, all of their lives' }),
});

/** Everything known about one connection. */
export const Connection = object({
  host_id: Id,
  host: Type.String(),
  connection_id: Id,
  netns: Id,
  pid: Count,
  comm: Type.String(),
  command: Type.String(),
  command_withheld: Type.Optional(Type.String({ description: 'where the command line is left out: why, and what to do' })),
  container: Type.String(),
  owner: oneOf(OWNER),
  role: oneOf(ROLE),
  local_addr: Type.String(),
  local_port: Count,
  peer_addr: Type.String(),
  peer_port: Count,
  from_ms: Ms,
  to_ms: Ms,
  opened_ms: Type.Union([Ms, Type.Null()]),
  closed_ms: Type.Union([Ms, Type.Null()]),
  state: oneOf(STATE),
  end_reason: oneOf(END_REASON),
  sk_err: Type.Integer(),
  congestion_control: Type.String({ description: 'the algorithm; empty while unknown' }),
  keepalive: Type.Boolean({ description: 'SO_KEEPALIVE is on' }),
  connect_us: Figure('µs'),
  accept_us: Figure('µs, server: established to the first read or write, at least the wait for accept()'),
  first_send_us: Figure('µs from first sight to the first write'),
  first_receive_us: Figure('µs from first sight to the first read of data'),
  turns: Figure('how often it was a write and then a read (client), or the other way round (server)'),
  turn_us: Figure('µs, sum of these: client, from a write to the data read next; server, from a read to the next write'),
  turn_rtt_us: Figure('µs, sum of the path’s RTT at each of these'),
  turn_max_us: Figure('µs, the longest of these'),
  stall_max_us: Figure('µs, the longest time that a transfer under way stood still'),
  bytes_sent: Figure('payload, retransmissions included; null while only samples know it and none came'),
  bytes_failed: Figure('payload that the layers below TCP did not take: no route, link down, queue full; not in bytes_sent'),
  bytes_received: Figure('bytes'),
  data_segs_out: Figure('segments with payload, retransmissions included'),
  total_retrans: Figure('segments, the socket’s own counter'),
  retrans_data: Figure('of these, segments with payload that are no tail probe: what a loss ratio counts'),
  unattributed: Figure('of these, segments that no retransmit row accounts for'),
  retrans_spurious: Figure('of these, segments that DSACKs or undos show were not needed; known at the end'),
  rtt_min_us: Figure('µs'),
  srtt_max_us: Figure('µs, the largest that was seen'),
  idle_restarts: Figure('how often the kernel cut the congestion window because nothing had been sent for longer than an RTO'),
  idle_restart_us: Figure('µs, the longest such pause; known at the end'),
  unread: Figure('bytes received that no process has read, as of the last row; at the end, those that none can still read'),
  notsent: Figure('bytes written and not sent, as of the last row'),
  unacked: Figure('bytes sent and not acknowledged, at the end'),
  probes_out: Figure('keepalive or window probes not answered, as of the last row'),
  snd_wnd: Figure('bytes, what the peer has room for, as of the last row'),
  unheard_us: Figure('µs since the peer was last heard, at the end'),
  syn_arrived: Type.Boolean({ description: 'a SYN was sent again although the peer had the first one: its answer was lost or late' }),
  port_first: Figure('the first and last port that connect() could choose from, where none was left'),
  port_last: Figure('see port_first'),
  ports_used: Figure('of these, taken then by connections to the same address and port, in TIME_WAIT too, as far as rows tell'),
  out_no_routes: Figure('of its network namespace, while something did not leave: packets and connects for which there was no route'),
  limits: Limits,
  states: Type.Array(object({ state: oneOf(STATE), from_ms: Type.Number(), to_ms: Type.Union([Type.Number(), Type.Null()]) })),
  state_us: Type.Partial(object(Object.fromEntries(STATE.map((state) => [state, Count])) as Record<(typeof STATE)[number], typeof Count>), {
    description: 'µs in each state that was left, by the kernel side’s own account; known at the end',
  }),
  samples: object({
    time_ms: Type.Array(Type.Number()),
    srtt_us: Figures('µs'),
    rtt_min_us: Figures('µs'),
    snd_cwnd: Figures('segments'),
    snd_ssthresh: Figures('segments'),
    packets_out: Figures('segments'),
    delivery_rate: Figures('bytes/s'),
    retrans: Figures('segments in the interval'),
    snd_wnd: Figures('bytes, what the peer has room for'),
    rcv_wnd: Figures('bytes, what this side offers'),
    notsent: Figures('bytes'),
    unread: Figures('bytes'),
  }),
  retransmits: Type.Array(Retransmit),
  resets: Type.Array(Reset),
  drops: Type.Array(Drop),
  congestion: Type.Array(Congestion),
  other_end: Type.Union([OtherEnd, Type.Null()], { description: 'the same connection at the peer, where an agent watches that too' }),
  peer_said: Type.Union([PeerSaid, Type.Null()], {
    description: 'what an agent at the peer’s host tells of its packets, where they were refused, lost or not answered',
  }),
  alike: Type.Union([Alike, Type.Null()], {
    description: 'of a client’s short connection: those of its process to the same address and port that ended within two minutes',
  }),
});
export type Connection = Static<typeof Connection>;
