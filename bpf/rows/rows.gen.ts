// Generated from rows.h's BTF by gen-rows.ts. Do not edit.
// SPDX-License-Identifier: Apache-2.0
import { readAddress, readText } from './read-text.ts';

export { readAddress, readText };

/** What this was made of: objects and loader that were built of anything else do not fit. */
export const SHARED_HEADERS = 'c15676fe';

export const KIND = ['retransmit', 'connection', 'state_change', 'sample', 'reset', 'congestion', 'drop', 'listener', 'namespace', 'progress', 'packet', 'stack'] as const;
export type Kind = (typeof KIND)[number];

export const ROLE = ['unknown', 'client', 'server'] as const;
export type Role = (typeof ROLE)[number];

export const STATE = ['unknown', 'established', 'syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'time_wait', 'close', 'close_wait', 'last_ack', 'listen', 'closing', 'new_syn_recv'] as const;
export type State = (typeof STATE)[number];

export const OWNER = ['unknown', 'connect', 'listener', 'file_table', 'io'] as const;
export type Owner = (typeof OWNER)[number];

export const CLASS = ['unknown', 'fast', 'slow_start', 'rto', 'tlp', 'syn', 'syn_ack'] as const;
export type Class = (typeof CLASS)[number];

export const OUTCOME = ['sent', 'failed', 'refused'] as const;
export type Outcome = (typeof OUTCOME)[number];

export const CA_STATE = ['open', 'disorder', 'cwr', 'recovery', 'loss'] as const;
export type CaState = (typeof CA_STATE)[number];

export const EVIDENCE = ['none', 'dsack', 'undo', 'both'] as const;
export type Evidence = (typeof EVIDENCE)[number];

export const EVENT = ['open', 'close', 'failed'] as const;
export type Event = (typeof EVENT)[number];

export const END_REASON = ['none', 'fin_local', 'fin_peer', 'rst_sent', 'rst_received', 'timeout', 'refused', 'unreachable', 'abort', 'unknown', 'no_port'] as const;
export type EndReason = (typeof END_REASON)[number];

export const DIRECTION = ['unknown', 'sent', 'received'] as const;
export type Direction = (typeof DIRECTION)[number];

export const MEANING = ['lost', 'answered', 'duplicate', 'refused'] as const;
export type Meaning = (typeof MEANING)[number];

export const PLACE = ['device_out', 'device_in'] as const;
export type Place = (typeof PLACE)[number];

/** A column as ClickHouse reads it from a row; `pad` columns are skipped on the way in. */
export type Column = { name: string; offset: number; size: number; type: string; comment: string };

export type KindLayout<Row> = {
  index: number;
  /** What a row of it tells. */
  words: string;
  /** Bytes a row. */
  size: number;
  /** Names kind and layout: a batch with another id cannot be stored. */
  schema: string;
  read: (view: DataView, at: number) => Row;
  columns: readonly Column[];
};

export type Rows = { retransmit: RetransmitRow; connection: ConnectionRow; state_change: StateChangeRow; sample: SampleRow; reset: ResetRow; congestion: CongestionRow; drop: DropRow; listener: ListenerRow; namespace: NamespaceRow; progress: ProgressRow; packet: PacketRow; stack: StackRow };

/** Where the members that every row begins with lie. */
export const HEAD_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
} as const;

export type RetransmitRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  segments: number;
  bytes: number;
  /** first and past-last sequence number, relative to the ISN */
  seq: number;
  end_seq: number;
  rto_us: number;
  /** segments */
  snd_cwnd: number;
  /** segments; 0x7fffffff: not yet known */
  snd_ssthresh: number;
  /** segments in flight */
  packets_out: number;
  /** the socket's own counter after this attempt, segments */
  total_retrans: number;
  /** segments that DSACKs reported twice since the connection's last row of this kind */
  dsack_dups: number;
  /** segments held for lost, reported by SACK, sent again and not yet acknowledged */
  lost_out: number;
  sacked_out: number;
  retrans_out: number;
  /** payload of each of its segments but the last; 0: it is one segment */
  mss: number;
  /** of a failed or refused attempt, as the kernel says it: -errno, or positive a queue's verdict (1 dropped) */
  err: number;
  class: Class;
  outcome: Outcome;
  ca_state: CaState;
  backoff: number;
  /** unrecovered RTO timeouts (icsk_retransmits) */
  retransmits: number;
  /** 1: it starts at snd_una */
  head_of_queue: boolean;
  /** about the retransmissions since the connection's last row of this kind */
  evidence: Evidence;
};

/** Where each member of a retransmit row lies, for readers that want a few of them. */
export const RETRANSMIT_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  segments: 112,
  bytes: 116,
  seq: 120,
  end_seq: 124,
  rto_us: 128,
  snd_cwnd: 132,
  snd_ssthresh: 136,
  packets_out: 140,
  total_retrans: 144,
  dsack_dups: 148,
  lost_out: 152,
  sacked_out: 156,
  retrans_out: 160,
  mss: 164,
  err: 166,
  class: 168,
  outcome: 169,
  ca_state: 170,
  backoff: 171,
  retransmits: 172,
  head_of_queue: 173,
  evidence: 174,
} as const satisfies Record<keyof RetransmitRow, number>;

export function readRetransmitRow(view: DataView, at: number): RetransmitRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    segments: view.getUint32(at + 112, true),
    bytes: view.getUint32(at + 116, true),
    seq: view.getUint32(at + 120, true),
    end_seq: view.getUint32(at + 124, true),
    rto_us: view.getUint32(at + 128, true),
    snd_cwnd: view.getUint32(at + 132, true),
    snd_ssthresh: view.getUint32(at + 136, true),
    packets_out: view.getUint32(at + 140, true),
    total_retrans: view.getUint32(at + 144, true),
    dsack_dups: view.getUint32(at + 148, true),
    lost_out: view.getUint32(at + 152, true),
    sacked_out: view.getUint32(at + 156, true),
    retrans_out: view.getUint32(at + 160, true),
    mss: view.getUint16(at + 164, true),
    err: view.getInt16(at + 166, true),
    class: CLASS[view.getUint8(at + 168)] ?? 'unknown',
    outcome: OUTCOME[view.getUint8(at + 169)] ?? 'sent',
    ca_state: CA_STATE[view.getUint8(at + 170)] ?? 'open',
    backoff: view.getUint8(at + 171),
    retransmits: view.getUint8(at + 172),
    head_of_queue: view.getUint8(at + 173) !== 0,
    evidence: EVIDENCE[view.getUint8(at + 174)] ?? 'none',
  };
}

export type ConnectionRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** of an accepted connection, the listener's cookie; 0 unknown or none */
  listener_id: bigint;
  /** the algorithm at the end */
  congestion_control: string;
  /** from first sight to this row */
  duration_us: number;
  /** time in each state, as far as it was seen */
  syn_sent_us: number;
  syn_recv_us: number;
  established_us: number;
  fin_wait1_us: number;
  fin_wait2_us: number;
  close_wait_us: number;
  closing_us: number;
  last_ack_us: number;
  /** server: from when it was ready (established, or its data in) to its first read or write; 0 unknown */
  accept_us: number;
  /** first sight to the first write and to the first read with data; 0 none or unknown */
  first_send_us: number;
  first_receive_us: number;
  /** client: sum of the times from a write until the data came that was read next; server: from then to the next write */
  turn_us: number;
  /** sum of the newest RTT at each of these turns; of a client, how much of turn_us the network can have taken (up to some 40 ms of it are the peer's own if it acknowledges with its answer) */
  turn_rtt_us: number;
  /** bytes per second, the kernel's last estimate */
  delivery_rate: number;
  /** payload that left TCP, retransmissions included; without bytes_failed */
  bytes_sent: number;
  /** payload that the layers below TCP did not take at its first sending: no route, link down, queue full */
  bytes_failed: number;
  /** as the kernel counts: a FIN, and on the client the SYN, count one each */
  bytes_acked: number;
  /** payload */
  bytes_received: number;
  bytes_retrans: number;
  /** time with data to send, in it limited by the peer's window or by the send buffer */
  busy_us: number;
  rwnd_limited_us: number;
  sndbuf_limited_us: number;
  /** busy, but nothing left this host: its layers below TCP took nothing, or it had no route for what is sent again */
  local_limited_us: number;
  /** `_rest`: what no sample row has reported, so that samples and closes add up */
  bytes_sent_rest: number;
  bytes_received_rest: number;
  busy_us_rest: number;
  rwnd_limited_us_rest: number;
  sndbuf_limited_us_rest: number;
  local_limited_us_rest: number;
  interval_us_rest: number;
  data_segs_out_rest: number;
  retrans_data_rest: number;
  retrans_spurious_rest: number;
  /** client: SYN to ESTABLISHED; server: SYN-ACK to its ACK; 0 unknown */
  connect_us: number;
  segs_out: number;
  segs_in: number;
  /** as the kernel counts: attempts that the layers below TCP did not take are in it */
  data_segs_out: number;
  data_segs_in: number;
  /** the socket's own counter, with which retransmit rows are compared */
  total_retrans: number;
  /** total_retrans that no retransmit row accounts for */
  unattributed: number;
  /** segments of this connection's retransmit rows, sent and failed, by class */
  retrans_fast: number;
  retrans_slow_start: number;
  retrans_rto: number;
  retrans_tlp: number;
  retrans_syn: number;
  retrans_syn_ack: number;
  /** of these, segments with payload that are no tail probe: what a loss ratio counts */
  retrans_data: number;
  rttvar_us: number;
  /** the longest turn */
  turn_max_us: number;
  /** the longest time that a transfer under way stood still, as far as reads, sends and timeouts show it; 50 ms at least */
  stall_max_us: number;
  /** how often a write was followed by a read (client), or a read by a write (server) */
  turns: number;
  /** windowed minimum; 0 unknown */
  rtt_min_us: number;
  /** the largest that an event or a sweep saw */
  srtt_max_us: number;
  /** segments that DSACKs reported twice */
  dsack_dups: number;
  /** congestion responses that the kernel took back */
  undos: number;
  /** segments of total_retrans that DSACKs or undos show were not needed */
  retrans_spurious: number;
  /** segments acknowledged with a congestion mark */
  delivered_ce: number;
  /** segments: the distance at which loss is assumed */
  reordering: number;
  /** reordering events */
  reord_seen: number;
  /** bytes, of what is sent */
  mss: number;
  snd_cwnd: number;
  snd_ssthresh: number;
  /** bytes */
  snd_wnd: number;
  rcv_wnd: number;
  /** bytes written and never sent */
  notsent: number;
  /** bytes sent and not acknowledged, payload as the two beside it */
  unacked: number;
  /** bytes received that no process has read, as of when the last one let go of the socket */
  unread: number;
  /** keepalive or window probes not answered */
  probes_out: number;
  /** since the peer was last heard, at most 71 minutes */
  unheard_us: number;
  /** initial sequence numbers; 0 unknown */
  snd_isn: number;
  rcv_isn: number;
  /** the longest pause in sending after which the kernel cut snd_cwnd (slow start after idle) */
  idle_restart_us: number;
  /** how often a write showed such a cut */
  idle_restarts: number;
  /** errno of the socket, positive; 0 none */
  sk_err: number;
  /** of end_reason no_port, the range that connect() chose from; else 0 */
  port_first: number;
  port_last: number;
  event: Event;
  end_reason: EndReason;
  /** 1: it was open before the agent came, or began before and failed; figures about its beginning are unknown */
  preexisting: boolean;
  /** 1: SO_KEEPALIVE is on */
  keepalive: boolean;
  /** 1: a SYN was sent again although the peer had the first one: its answer was lost or late */
  syn_arrived: boolean;
  /** 1: this close row tells of the opening too, since no row did before */
  tells_open: boolean;
};

/** Where each member of a connection row lies, for readers that want a few of them. */
export const CONNECTION_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  listener_id: 112,
  congestion_control: 120,
  duration_us: 136,
  syn_sent_us: 144,
  syn_recv_us: 152,
  established_us: 160,
  fin_wait1_us: 168,
  fin_wait2_us: 176,
  close_wait_us: 184,
  closing_us: 192,
  last_ack_us: 200,
  accept_us: 208,
  first_send_us: 216,
  first_receive_us: 224,
  turn_us: 232,
  turn_rtt_us: 240,
  delivery_rate: 248,
  bytes_sent: 256,
  bytes_failed: 264,
  bytes_acked: 272,
  bytes_received: 280,
  bytes_retrans: 288,
  busy_us: 296,
  rwnd_limited_us: 304,
  sndbuf_limited_us: 312,
  local_limited_us: 320,
  bytes_sent_rest: 328,
  bytes_received_rest: 336,
  busy_us_rest: 344,
  rwnd_limited_us_rest: 352,
  sndbuf_limited_us_rest: 360,
  local_limited_us_rest: 368,
  interval_us_rest: 376,
  data_segs_out_rest: 384,
  retrans_data_rest: 388,
  retrans_spurious_rest: 392,
  connect_us: 396,
  segs_out: 400,
  segs_in: 404,
  data_segs_out: 408,
  data_segs_in: 412,
  total_retrans: 416,
  unattributed: 420,
  retrans_fast: 424,
  retrans_slow_start: 428,
  retrans_rto: 432,
  retrans_tlp: 436,
  retrans_syn: 440,
  retrans_syn_ack: 444,
  retrans_data: 448,
  rttvar_us: 452,
  turn_max_us: 456,
  stall_max_us: 460,
  turns: 464,
  rtt_min_us: 468,
  srtt_max_us: 472,
  dsack_dups: 476,
  undos: 480,
  retrans_spurious: 484,
  delivered_ce: 488,
  reordering: 492,
  reord_seen: 496,
  mss: 500,
  snd_cwnd: 504,
  snd_ssthresh: 508,
  snd_wnd: 512,
  rcv_wnd: 516,
  notsent: 520,
  unacked: 524,
  unread: 528,
  probes_out: 532,
  unheard_us: 536,
  snd_isn: 540,
  rcv_isn: 544,
  idle_restart_us: 548,
  idle_restarts: 552,
  sk_err: 554,
  port_first: 556,
  port_last: 558,
  event: 560,
  end_reason: 561,
  preexisting: 562,
  keepalive: 563,
  syn_arrived: 564,
  tells_open: 565,
} as const satisfies Record<keyof ConnectionRow, number>;

export function readConnectionRow(view: DataView, at: number): ConnectionRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    listener_id: view.getBigUint64(at + 112, true),
    congestion_control: readText(view, at + 120, 16),
    duration_us: Number(view.getBigUint64(at + 136, true)),
    syn_sent_us: Number(view.getBigUint64(at + 144, true)),
    syn_recv_us: Number(view.getBigUint64(at + 152, true)),
    established_us: Number(view.getBigUint64(at + 160, true)),
    fin_wait1_us: Number(view.getBigUint64(at + 168, true)),
    fin_wait2_us: Number(view.getBigUint64(at + 176, true)),
    close_wait_us: Number(view.getBigUint64(at + 184, true)),
    closing_us: Number(view.getBigUint64(at + 192, true)),
    last_ack_us: Number(view.getBigUint64(at + 200, true)),
    accept_us: Number(view.getBigUint64(at + 208, true)),
    first_send_us: Number(view.getBigUint64(at + 216, true)),
    first_receive_us: Number(view.getBigUint64(at + 224, true)),
    turn_us: Number(view.getBigUint64(at + 232, true)),
    turn_rtt_us: Number(view.getBigUint64(at + 240, true)),
    delivery_rate: Number(view.getBigUint64(at + 248, true)),
    bytes_sent: Number(view.getBigUint64(at + 256, true)),
    bytes_failed: Number(view.getBigUint64(at + 264, true)),
    bytes_acked: Number(view.getBigUint64(at + 272, true)),
    bytes_received: Number(view.getBigUint64(at + 280, true)),
    bytes_retrans: Number(view.getBigUint64(at + 288, true)),
    busy_us: Number(view.getBigUint64(at + 296, true)),
    rwnd_limited_us: Number(view.getBigUint64(at + 304, true)),
    sndbuf_limited_us: Number(view.getBigUint64(at + 312, true)),
    local_limited_us: Number(view.getBigUint64(at + 320, true)),
    bytes_sent_rest: Number(view.getBigUint64(at + 328, true)),
    bytes_received_rest: Number(view.getBigUint64(at + 336, true)),
    busy_us_rest: Number(view.getBigUint64(at + 344, true)),
    rwnd_limited_us_rest: Number(view.getBigUint64(at + 352, true)),
    sndbuf_limited_us_rest: Number(view.getBigUint64(at + 360, true)),
    local_limited_us_rest: Number(view.getBigUint64(at + 368, true)),
    interval_us_rest: Number(view.getBigUint64(at + 376, true)),
    data_segs_out_rest: view.getUint32(at + 384, true),
    retrans_data_rest: view.getUint32(at + 388, true),
    retrans_spurious_rest: view.getUint32(at + 392, true),
    connect_us: view.getUint32(at + 396, true),
    segs_out: view.getUint32(at + 400, true),
    segs_in: view.getUint32(at + 404, true),
    data_segs_out: view.getUint32(at + 408, true),
    data_segs_in: view.getUint32(at + 412, true),
    total_retrans: view.getUint32(at + 416, true),
    unattributed: view.getUint32(at + 420, true),
    retrans_fast: view.getUint32(at + 424, true),
    retrans_slow_start: view.getUint32(at + 428, true),
    retrans_rto: view.getUint32(at + 432, true),
    retrans_tlp: view.getUint32(at + 436, true),
    retrans_syn: view.getUint32(at + 440, true),
    retrans_syn_ack: view.getUint32(at + 444, true),
    retrans_data: view.getUint32(at + 448, true),
    rttvar_us: view.getUint32(at + 452, true),
    turn_max_us: view.getUint32(at + 456, true),
    stall_max_us: view.getUint32(at + 460, true),
    turns: view.getUint32(at + 464, true),
    rtt_min_us: view.getUint32(at + 468, true),
    srtt_max_us: view.getUint32(at + 472, true),
    dsack_dups: view.getUint32(at + 476, true),
    undos: view.getUint32(at + 480, true),
    retrans_spurious: view.getUint32(at + 484, true),
    delivered_ce: view.getUint32(at + 488, true),
    reordering: view.getUint32(at + 492, true),
    reord_seen: view.getUint32(at + 496, true),
    mss: view.getUint32(at + 500, true),
    snd_cwnd: view.getUint32(at + 504, true),
    snd_ssthresh: view.getUint32(at + 508, true),
    snd_wnd: view.getUint32(at + 512, true),
    rcv_wnd: view.getUint32(at + 516, true),
    notsent: view.getUint32(at + 520, true),
    unacked: view.getUint32(at + 524, true),
    unread: view.getUint32(at + 528, true),
    probes_out: view.getUint32(at + 532, true),
    unheard_us: view.getUint32(at + 536, true),
    snd_isn: view.getUint32(at + 540, true),
    rcv_isn: view.getUint32(at + 544, true),
    idle_restart_us: view.getUint32(at + 548, true),
    idle_restarts: view.getUint16(at + 552, true),
    sk_err: view.getInt16(at + 554, true),
    port_first: view.getUint16(at + 556, true),
    port_last: view.getUint16(at + 558, true),
    event: EVENT[view.getUint8(at + 560)] ?? 'open',
    end_reason: END_REASON[view.getUint8(at + 561)] ?? 'none',
    preexisting: view.getUint8(at + 562) !== 0,
    keepalive: view.getUint8(at + 563) !== 0,
    syn_arrived: view.getUint8(at + 564) !== 0,
    tells_open: view.getUint8(at + 565) !== 0,
  };
}

export type StateChangeRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** in old_state; 0 unknown */
  duration_us: number;
  old_state: State;
  new_state: State;
};

/** Where each member of a state_change row lies, for readers that want a few of them. */
export const STATE_CHANGE_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  duration_us: 112,
  old_state: 120,
  new_state: 121,
} as const satisfies Record<keyof StateChangeRow, number>;

export function readStateChangeRow(view: DataView, at: number): StateChangeRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    duration_us: Number(view.getBigUint64(at + 112, true)),
    old_state: STATE[view.getUint8(at + 120)] ?? 'unknown',
    new_state: STATE[view.getUint8(at + 121)] ?? 'unknown',
  };
}

export type SampleRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** see connection_row */
  bytes_sent: number;
  bytes_failed: number;
  bytes_acked: number;
  /** payload */
  bytes_received: number;
  /** bytes per second, the kernel's latest estimate */
  delivery_rate: number;
  busy_us: number;
  rwnd_limited_us: number;
  sndbuf_limited_us: number;
  local_limited_us: number;
  /** since the last sample; since first sight for the first */
  interval_us: number;
  /** in the present state; 0 unknown */
  state_us: number;
  /** see connection_row */
  turn_us: number;
  turn_rtt_us: number;
  congestion_control: string;
  segs_out: number;
  segs_in: number;
  data_segs_out: number;
  data_segs_in: number;
  /** segments (total_retrans) */
  retrans: number;
  /** of them, see connection_row */
  retrans_data: number;
  retrans_spurious: number;
  /** the longest turn and stall that ended since the last sample */
  turn_max_us: number;
  stall_max_us: number;
  dsack_dups: number;
  /** over the connection's life so far, not a delta */
  unattributed: number;
  rttvar_us: number;
  rtt_min_us: number;
  snd_cwnd: number;
  snd_ssthresh: number;
  /** bytes */
  snd_wnd: number;
  rcv_wnd: number;
  packets_out: number;
  /** bytes written and not yet sent */
  notsent: number;
  /** bytes received and not yet read */
  unread: number;
  reordering: number;
  reord_seen: number;
  /** segments held for lost, reported by SACK, sent again and not yet acknowledged */
  lost_out: number;
  sacked_out: number;
  retrans_out: number;
  /** congestion responses taken back */
  undos: number;
  turns: number;
  delivered_ce: number;
  /** keepalive or window probes not answered */
  probes_out: number;
  /** since data was last sent or received, at most 71 minutes */
  idle_us: number;
  /** see connection_row; over the connection's life so far, not a delta */
  idle_restarts: number;
  ca_state: CaState;
  /** about retransmissions, since the last sample */
  evidence: Evidence;
  /** 1: delivery_rate is bounded by the application */
  app_limited: boolean;
  keepalive: boolean;
  backoff: number;
};

/** Where each member of a sample row lies, for readers that want a few of them. */
export const SAMPLE_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  bytes_sent: 112,
  bytes_failed: 120,
  bytes_acked: 128,
  bytes_received: 136,
  delivery_rate: 144,
  busy_us: 152,
  rwnd_limited_us: 160,
  sndbuf_limited_us: 168,
  local_limited_us: 176,
  interval_us: 184,
  state_us: 192,
  turn_us: 200,
  turn_rtt_us: 208,
  congestion_control: 216,
  segs_out: 232,
  segs_in: 236,
  data_segs_out: 240,
  data_segs_in: 244,
  retrans: 248,
  retrans_data: 252,
  retrans_spurious: 256,
  turn_max_us: 260,
  stall_max_us: 264,
  dsack_dups: 268,
  unattributed: 272,
  rttvar_us: 276,
  rtt_min_us: 280,
  snd_cwnd: 284,
  snd_ssthresh: 288,
  snd_wnd: 292,
  rcv_wnd: 296,
  packets_out: 300,
  notsent: 304,
  unread: 308,
  reordering: 312,
  reord_seen: 316,
  lost_out: 320,
  sacked_out: 324,
  retrans_out: 328,
  undos: 332,
  turns: 336,
  delivered_ce: 340,
  probes_out: 344,
  idle_us: 348,
  idle_restarts: 352,
  ca_state: 354,
  evidence: 355,
  app_limited: 356,
  keepalive: 357,
  backoff: 358,
} as const satisfies Record<keyof SampleRow, number>;

export function readSampleRow(view: DataView, at: number): SampleRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    bytes_sent: Number(view.getBigUint64(at + 112, true)),
    bytes_failed: Number(view.getBigUint64(at + 120, true)),
    bytes_acked: Number(view.getBigUint64(at + 128, true)),
    bytes_received: Number(view.getBigUint64(at + 136, true)),
    delivery_rate: Number(view.getBigUint64(at + 144, true)),
    busy_us: Number(view.getBigUint64(at + 152, true)),
    rwnd_limited_us: Number(view.getBigUint64(at + 160, true)),
    sndbuf_limited_us: Number(view.getBigUint64(at + 168, true)),
    local_limited_us: Number(view.getBigUint64(at + 176, true)),
    interval_us: Number(view.getBigUint64(at + 184, true)),
    state_us: Number(view.getBigUint64(at + 192, true)),
    turn_us: Number(view.getBigUint64(at + 200, true)),
    turn_rtt_us: Number(view.getBigUint64(at + 208, true)),
    congestion_control: readText(view, at + 216, 16),
    segs_out: view.getUint32(at + 232, true),
    segs_in: view.getUint32(at + 236, true),
    data_segs_out: view.getUint32(at + 240, true),
    data_segs_in: view.getUint32(at + 244, true),
    retrans: view.getUint32(at + 248, true),
    retrans_data: view.getUint32(at + 252, true),
    retrans_spurious: view.getUint32(at + 256, true),
    turn_max_us: view.getUint32(at + 260, true),
    stall_max_us: view.getUint32(at + 264, true),
    dsack_dups: view.getUint32(at + 268, true),
    unattributed: view.getUint32(at + 272, true),
    rttvar_us: view.getUint32(at + 276, true),
    rtt_min_us: view.getUint32(at + 280, true),
    snd_cwnd: view.getUint32(at + 284, true),
    snd_ssthresh: view.getUint32(at + 288, true),
    snd_wnd: view.getUint32(at + 292, true),
    rcv_wnd: view.getUint32(at + 296, true),
    packets_out: view.getUint32(at + 300, true),
    notsent: view.getUint32(at + 304, true),
    unread: view.getUint32(at + 308, true),
    reordering: view.getUint32(at + 312, true),
    reord_seen: view.getUint32(at + 316, true),
    lost_out: view.getUint32(at + 320, true),
    sacked_out: view.getUint32(at + 324, true),
    retrans_out: view.getUint32(at + 328, true),
    undos: view.getUint32(at + 332, true),
    turns: view.getUint32(at + 336, true),
    delivered_ce: view.getUint32(at + 340, true),
    probes_out: view.getUint32(at + 344, true),
    idle_us: view.getUint32(at + 348, true),
    idle_restarts: view.getUint16(at + 352, true),
    ca_state: CA_STATE[view.getUint8(at + 354)] ?? 'open',
    evidence: EVIDENCE[view.getUint8(at + 355)] ?? 'none',
    app_limited: view.getUint8(at + 356) !== 0,
    keepalive: view.getUint8(at + 357) !== 0,
    backoff: view.getUint8(at + 358),
  };
}

export type ResetRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** the kernel's name for why it was sent; empty: it does not say (received, or before Linux 6.10) */
  reason: string;
  /** since the peer was last heard; 0 unknown */
  idle_us: number;
  /** in the present state; 0 unknown */
  state_us: number;
  bytes_sent: number;
  bytes_received: number;
  /** the number behind reason, on this kernel */
  reason_code: number;
  /** bytes received and not read */
  unread: number;
  /** bytes written and not sent */
  notsent: number;
  /** segments in flight */
  packets_out: number;
  /** of the packet that provoked it; 0 none */
  seq: number;
  direction: Direction;
  has_socket: boolean;
  /** SO_LINGER 0 is set: close() aborts */
  linger_zero: boolean;
  /** of the packet that provoked it; 0 none */
  tcp_flags: number;
};

/** Where each member of a reset row lies, for readers that want a few of them. */
export const RESET_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  reason: 112,
  idle_us: 144,
  state_us: 152,
  bytes_sent: 160,
  bytes_received: 168,
  reason_code: 176,
  unread: 180,
  notsent: 184,
  packets_out: 188,
  seq: 192,
  direction: 196,
  has_socket: 197,
  linger_zero: 198,
  tcp_flags: 199,
} as const satisfies Record<keyof ResetRow, number>;

export function readResetRow(view: DataView, at: number): ResetRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    reason: readText(view, at + 112, 32),
    idle_us: Number(view.getBigUint64(at + 144, true)),
    state_us: Number(view.getBigUint64(at + 152, true)),
    bytes_sent: Number(view.getBigUint64(at + 160, true)),
    bytes_received: Number(view.getBigUint64(at + 168, true)),
    reason_code: view.getUint32(at + 176, true),
    unread: view.getUint32(at + 180, true),
    notsent: view.getUint32(at + 184, true),
    packets_out: view.getUint32(at + 188, true),
    seq: view.getUint32(at + 192, true),
    direction: DIRECTION[view.getUint8(at + 196)] ?? 'unknown',
    has_socket: view.getUint8(at + 197) !== 0,
    linger_zero: view.getUint8(at + 198) !== 0,
    tcp_flags: view.getUint8(at + 199),
  };
}

export type CongestionRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** in old_ca_state; 0 unknown */
  duration_us: number;
  /** as the change begins */
  snd_cwnd: number;
  snd_ssthresh: number;
  packets_out: number;
  lost_out: number;
  sacked_out: number;
  retrans_out: number;
  reordering: number;
  /** segments that DSACKs reported twice since the last row of this kind */
  dsack_dups: number;
  /** segments sent again since the last row of this kind */
  retrans: number;
  /** of them, as far as `evidence` shows, not needed */
  retrans_spurious: number;
  old_ca_state: CaState;
  new_ca_state: CaState;
  evidence: Evidence;
};

/** Where each member of a congestion row lies, for readers that want a few of them. */
export const CONGESTION_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  duration_us: 112,
  snd_cwnd: 120,
  snd_ssthresh: 124,
  packets_out: 128,
  lost_out: 132,
  sacked_out: 136,
  retrans_out: 140,
  reordering: 144,
  dsack_dups: 148,
  retrans: 152,
  retrans_spurious: 156,
  old_ca_state: 160,
  new_ca_state: 161,
  evidence: 162,
} as const satisfies Record<keyof CongestionRow, number>;

export function readCongestionRow(view: DataView, at: number): CongestionRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    duration_us: Number(view.getBigUint64(at + 112, true)),
    snd_cwnd: view.getUint32(at + 120, true),
    snd_ssthresh: view.getUint32(at + 124, true),
    packets_out: view.getUint32(at + 128, true),
    lost_out: view.getUint32(at + 132, true),
    sacked_out: view.getUint32(at + 136, true),
    retrans_out: view.getUint32(at + 140, true),
    reordering: view.getUint32(at + 144, true),
    dsack_dups: view.getUint32(at + 148, true),
    retrans: view.getUint32(at + 152, true),
    retrans_spurious: view.getUint32(at + 156, true),
    old_ca_state: CA_STATE[view.getUint8(at + 160)] ?? 'open',
    new_ca_state: CA_STATE[view.getUint8(at + 161)] ?? 'open',
    evidence: EVIDENCE[view.getUint8(at + 162)] ?? 'none',
  };
}

export type DropRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** the kernel's name; empty before Linux 5.17 */
  reason: string;
  /** the kernel function that dropped it; empty where symbols are hidden */
  location: string;
  /** of the instruction after the drop */
  address: bigint;
  /** the number behind reason, on this kernel */
  reason_code: number;
  seq: number;
  ack: number;
  /** bytes of payload */
  length: number;
  /** of the interface it came in by or was to leave by; 0 unknown */
  ifindex: number;
  direction: Direction;
  has_socket: boolean;
  tcp_flags: number;
  meaning: Meaning;
};

/** Where each member of a drop row lies, for readers that want a few of them. */
export const DROP_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  reason: 112,
  location: 144,
  address: 176,
  reason_code: 184,
  seq: 188,
  ack: 192,
  length: 196,
  ifindex: 200,
  direction: 204,
  has_socket: 205,
  tcp_flags: 206,
  meaning: 207,
} as const satisfies Record<keyof DropRow, number>;

export function readDropRow(view: DataView, at: number): DropRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    reason: readText(view, at + 112, 32),
    location: readText(view, at + 144, 32),
    address: view.getBigUint64(at + 176, true),
    reason_code: view.getUint32(at + 184, true),
    seq: view.getUint32(at + 188, true),
    ack: view.getUint32(at + 192, true),
    length: view.getUint32(at + 196, true),
    ifindex: view.getUint32(at + 200, true),
    direction: DIRECTION[view.getUint8(at + 204)] ?? 'unknown',
    has_socket: view.getUint8(at + 205) !== 0,
    tcp_flags: view.getUint8(at + 206),
    meaning: MEANING[view.getUint8(at + 207)] ?? 'lost',
  };
}

export type ListenerRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** since its last row */
  interval_us: number;
  /** connections that wait for accept() */
  accept_queue: number;
  /** the kernel refuses when more than this wait */
  accept_queue_limit: number;
  /** handshakes under way */
  syn_backlog: number;
  /** since its last row: connections turned away because the accept queue was full, each once (ListenOverflows) */
  overflows: number;
  /** since its last row: packets it dropped for any reason (sk_drops), some of them counted twice by the kernel */
  drops: number;
  drops_total: number;
  /** connections that reached it since its last row */
  accepted: number;
  defer_accept: boolean;
  fast_open: boolean;
};

/** Where each member of a listener row lies, for readers that want a few of them. */
export const LISTENER_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  interval_us: 112,
  accept_queue: 120,
  accept_queue_limit: 124,
  syn_backlog: 128,
  overflows: 132,
  drops: 136,
  drops_total: 140,
  accepted: 144,
  defer_accept: 148,
  fast_open: 149,
} as const satisfies Record<keyof ListenerRow, number>;

export function readListenerRow(view: DataView, at: number): ListenerRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    interval_us: Number(view.getBigUint64(at + 112, true)),
    accept_queue: view.getUint32(at + 120, true),
    accept_queue_limit: view.getUint32(at + 124, true),
    syn_backlog: view.getUint32(at + 128, true),
    overflows: view.getUint32(at + 132, true),
    drops: view.getUint32(at + 136, true),
    drops_total: view.getUint32(at + 140, true),
    accepted: view.getUint32(at + 144, true),
    defer_accept: view.getUint8(at + 148) !== 0,
    fast_open: view.getUint8(at + 149) !== 0,
  };
}

export type NamespaceRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  interval_us: number;
  in_segs: number;
  out_segs: number;
  /** TcpRetransSegs, with which retransmit rows are compared */
  retrans_segs: number;
  /** segments of retransmit rows, sent and failed */
  retrans_attributed: number;
  /** segments sent again, now or earlier, that are now known to be in no retransmit row */
  unattributed: number;
  active_opens: number;
  passive_opens: number;
  attempt_fails: number;
  estab_resets: number;
  out_rsts: number;
  in_errs: number;
  timeouts: number;
  syn_retrans: number;
  fast_retrans: number;
  slow_start_retrans: number;
  loss_probes: number;
  lost_retransmit: number;
  retrans_fail: number;
  spurious_rtos: number;
  full_undo: number;
  loss_undo: number;
  dsack_undo: number;
  dsack_received: number;
  listen_overflows: number;
  listen_drops: number;
  req_q_full_drop: number;
  req_q_full_cookies: number;
  syncookies_sent: number;
  syncookies_failed: number;
  abort_on_data: number;
  abort_on_close: number;
  abort_on_memory: number;
  abort_on_timeout: number;
  abort_on_linger: number;
  abort_failed: number;
  backlog_drop: number;
  rcvq_drop: number;
  ofo_drop: number;
  zero_window_drop: number;
  /** this host's windows that closed and opened again */
  from_zero_window: number;
  to_zero_window: number;
  want_zero_window: number;
  keepalives: number;
  win_probes: number;
  memory_pressures: number;
  time_wait_overflow: number;
  /** packets of any protocol, and connects, for which this host had no route: IPv4 and IPv6 */
  out_no_routes: number;
  /** now: sockets of any state but TIME_WAIT, orphans, TIME_WAITs */
  inuse: number;
  orphans: number;
  time_wait: number;
  curr_estab: number;
  /** TCP's memory on the whole host */
  mem_pages: number;
  /** size of ip_local_port_range */
  port_range: number;
};

/** Where each member of a namespace row lies, for readers that want a few of them. */
export const NAMESPACE_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  interval_us: 112,
  in_segs: 120,
  out_segs: 128,
  retrans_segs: 136,
  retrans_attributed: 144,
  unattributed: 152,
  active_opens: 160,
  passive_opens: 168,
  attempt_fails: 176,
  estab_resets: 184,
  out_rsts: 192,
  in_errs: 200,
  timeouts: 208,
  syn_retrans: 216,
  fast_retrans: 224,
  slow_start_retrans: 232,
  loss_probes: 240,
  lost_retransmit: 248,
  retrans_fail: 256,
  spurious_rtos: 264,
  full_undo: 272,
  loss_undo: 280,
  dsack_undo: 288,
  dsack_received: 296,
  listen_overflows: 304,
  listen_drops: 312,
  req_q_full_drop: 320,
  req_q_full_cookies: 328,
  syncookies_sent: 336,
  syncookies_failed: 344,
  abort_on_data: 352,
  abort_on_close: 360,
  abort_on_memory: 368,
  abort_on_timeout: 376,
  abort_on_linger: 384,
  abort_failed: 392,
  backlog_drop: 400,
  rcvq_drop: 408,
  ofo_drop: 416,
  zero_window_drop: 424,
  from_zero_window: 432,
  to_zero_window: 440,
  want_zero_window: 448,
  keepalives: 456,
  win_probes: 464,
  memory_pressures: 472,
  time_wait_overflow: 480,
  out_no_routes: 488,
  inuse: 496,
  orphans: 500,
  time_wait: 504,
  curr_estab: 508,
  mem_pages: 512,
  port_range: 516,
} as const satisfies Record<keyof NamespaceRow, number>;

export function readNamespaceRow(view: DataView, at: number): NamespaceRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    interval_us: Number(view.getBigUint64(at + 112, true)),
    in_segs: Number(view.getBigUint64(at + 120, true)),
    out_segs: Number(view.getBigUint64(at + 128, true)),
    retrans_segs: Number(view.getBigUint64(at + 136, true)),
    retrans_attributed: Number(view.getBigUint64(at + 144, true)),
    unattributed: Number(view.getBigUint64(at + 152, true)),
    active_opens: Number(view.getBigUint64(at + 160, true)),
    passive_opens: Number(view.getBigUint64(at + 168, true)),
    attempt_fails: Number(view.getBigUint64(at + 176, true)),
    estab_resets: Number(view.getBigUint64(at + 184, true)),
    out_rsts: Number(view.getBigUint64(at + 192, true)),
    in_errs: Number(view.getBigUint64(at + 200, true)),
    timeouts: Number(view.getBigUint64(at + 208, true)),
    syn_retrans: Number(view.getBigUint64(at + 216, true)),
    fast_retrans: Number(view.getBigUint64(at + 224, true)),
    slow_start_retrans: Number(view.getBigUint64(at + 232, true)),
    loss_probes: Number(view.getBigUint64(at + 240, true)),
    lost_retransmit: Number(view.getBigUint64(at + 248, true)),
    retrans_fail: Number(view.getBigUint64(at + 256, true)),
    spurious_rtos: Number(view.getBigUint64(at + 264, true)),
    full_undo: Number(view.getBigUint64(at + 272, true)),
    loss_undo: Number(view.getBigUint64(at + 280, true)),
    dsack_undo: Number(view.getBigUint64(at + 288, true)),
    dsack_received: Number(view.getBigUint64(at + 296, true)),
    listen_overflows: Number(view.getBigUint64(at + 304, true)),
    listen_drops: Number(view.getBigUint64(at + 312, true)),
    req_q_full_drop: Number(view.getBigUint64(at + 320, true)),
    req_q_full_cookies: Number(view.getBigUint64(at + 328, true)),
    syncookies_sent: Number(view.getBigUint64(at + 336, true)),
    syncookies_failed: Number(view.getBigUint64(at + 344, true)),
    abort_on_data: Number(view.getBigUint64(at + 352, true)),
    abort_on_close: Number(view.getBigUint64(at + 360, true)),
    abort_on_memory: Number(view.getBigUint64(at + 368, true)),
    abort_on_timeout: Number(view.getBigUint64(at + 376, true)),
    abort_on_linger: Number(view.getBigUint64(at + 384, true)),
    abort_failed: Number(view.getBigUint64(at + 392, true)),
    backlog_drop: Number(view.getBigUint64(at + 400, true)),
    rcvq_drop: Number(view.getBigUint64(at + 408, true)),
    ofo_drop: Number(view.getBigUint64(at + 416, true)),
    zero_window_drop: Number(view.getBigUint64(at + 424, true)),
    from_zero_window: Number(view.getBigUint64(at + 432, true)),
    to_zero_window: Number(view.getBigUint64(at + 440, true)),
    want_zero_window: Number(view.getBigUint64(at + 448, true)),
    keepalives: Number(view.getBigUint64(at + 456, true)),
    win_probes: Number(view.getBigUint64(at + 464, true)),
    memory_pressures: Number(view.getBigUint64(at + 472, true)),
    time_wait_overflow: Number(view.getBigUint64(at + 480, true)),
    out_no_routes: Number(view.getBigUint64(at + 488, true)),
    inuse: view.getUint32(at + 496, true),
    orphans: view.getUint32(at + 500, true),
    time_wait: view.getUint32(at + 504, true),
    curr_estab: view.getUint32(at + 508, true),
    mem_pages: view.getUint32(at + 512, true),
    port_range: view.getUint32(at + 516, true),
  };
}

export type ProgressRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** of the segment: first and past-last sequence number, with SYN and FIN */
  seq: number;
  end_seq: number;
  ack: number;
  /** what its SACK blocks report, in their order; the first may tell of a duplicate. 0 and 0: none */
  sack1_from: number;
  sack1_to: number;
  sack2_from: number;
  sack2_to: number;
  sack3_from: number;
  sack3_to: number;
  /** its timestamps; 0 and 0: it has none */
  tsval: number;
  tsecr: number;
  /** the socket's counter, with which the `segments` of its rows are compared */
  segs_in: number;
  /** initial sequence numbers; 0 unknown */
  snd_isn: number;
  rcv_isn: number;
  snd_una: number;
  snd_nxt: number;
  rcv_nxt: number;
  /** rcv_nxt as of the last acknowledgement that the socket sent */
  rcv_wup: number;
  /** bytes */
  snd_wnd: number;
  rcv_wnd: number;
  /** bytes received and not yet read */
  unread: number;
  /** bytes written and not yet sent */
  notsent: number;
  rto_us: number;
  /** segments */
  snd_cwnd: number;
  snd_ssthresh: number;
  packets_out: number;
  lost_out: number;
  sacked_out: number;
  retrans_out: number;
  total_retrans: number;
  /** segments that came out of order, over the connection's life (rcv_ooopack) */
  out_of_order: number;
  /** as many segments came as one */
  segments: number;
  tcp_flags: number;
  ca_state: CaState;
};

/** Where each member of a progress row lies, for readers that want a few of them. */
export const PROGRESS_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  seq: 112,
  end_seq: 116,
  ack: 120,
  sack1_from: 124,
  sack1_to: 128,
  sack2_from: 132,
  sack2_to: 136,
  sack3_from: 140,
  sack3_to: 144,
  tsval: 148,
  tsecr: 152,
  segs_in: 156,
  snd_isn: 160,
  rcv_isn: 164,
  snd_una: 168,
  snd_nxt: 172,
  rcv_nxt: 176,
  rcv_wup: 180,
  snd_wnd: 184,
  rcv_wnd: 188,
  unread: 192,
  notsent: 196,
  rto_us: 200,
  snd_cwnd: 204,
  snd_ssthresh: 208,
  packets_out: 212,
  lost_out: 216,
  sacked_out: 220,
  retrans_out: 224,
  total_retrans: 228,
  out_of_order: 232,
  segments: 236,
  tcp_flags: 238,
  ca_state: 239,
} as const satisfies Record<keyof ProgressRow, number>;

export function readProgressRow(view: DataView, at: number): ProgressRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    seq: view.getUint32(at + 112, true),
    end_seq: view.getUint32(at + 116, true),
    ack: view.getUint32(at + 120, true),
    sack1_from: view.getUint32(at + 124, true),
    sack1_to: view.getUint32(at + 128, true),
    sack2_from: view.getUint32(at + 132, true),
    sack2_to: view.getUint32(at + 136, true),
    sack3_from: view.getUint32(at + 140, true),
    sack3_to: view.getUint32(at + 144, true),
    tsval: view.getUint32(at + 148, true),
    tsecr: view.getUint32(at + 152, true),
    segs_in: view.getUint32(at + 156, true),
    snd_isn: view.getUint32(at + 160, true),
    rcv_isn: view.getUint32(at + 164, true),
    snd_una: view.getUint32(at + 168, true),
    snd_nxt: view.getUint32(at + 172, true),
    rcv_nxt: view.getUint32(at + 176, true),
    rcv_wup: view.getUint32(at + 180, true),
    snd_wnd: view.getUint32(at + 184, true),
    rcv_wnd: view.getUint32(at + 188, true),
    unread: view.getUint32(at + 192, true),
    notsent: view.getUint32(at + 196, true),
    rto_us: view.getUint32(at + 200, true),
    snd_cwnd: view.getUint32(at + 204, true),
    snd_ssthresh: view.getUint32(at + 208, true),
    packets_out: view.getUint32(at + 212, true),
    lost_out: view.getUint32(at + 216, true),
    sacked_out: view.getUint32(at + 220, true),
    retrans_out: view.getUint32(at + 224, true),
    total_retrans: view.getUint32(at + 228, true),
    out_of_order: view.getUint32(at + 232, true),
    segments: view.getUint16(at + 236, true),
    tcp_flags: view.getUint8(at + 238),
    ca_state: CA_STATE[view.getUint8(at + 239)] ?? 'open',
  };
}

export type PacketRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  seq: number;
  ack: number;
  /** bytes of payload */
  length: number;
  /** see progress_row */
  sack1_from: number;
  sack1_to: number;
  sack2_from: number;
  sack2_to: number;
  sack3_from: number;
  sack3_to: number;
  tsval: number;
  tsecr: number;
  /** of the device */
  ifindex: number;
  /** as in the header, not scaled */
  window: number;
  /** as many segments as the device cuts it into, or has put together */
  segments: number;
  /** of a SYN, what it offers: 0 none; of several segments, the payload of each but the last */
  mss: number;
  /** IPv4 */
  ip_id: number;
  place: Place;
  /** unknown: this host passes it on */
  direction: Direction;
  tcp_flags: number;
  /** or hop limit */
  ttl: number;
  /** DSCP and ECN */
  tos: number;
  /** of a SYN, plus one: 0 none */
  window_scale: number;
  /** of a SYN */
  sack_permitted: boolean;
  has_timestamps: boolean;
};

/** Where each member of a packet row lies, for readers that want a few of them. */
export const PACKET_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  seq: 112,
  ack: 116,
  length: 120,
  sack1_from: 124,
  sack1_to: 128,
  sack2_from: 132,
  sack2_to: 136,
  sack3_from: 140,
  sack3_to: 144,
  tsval: 148,
  tsecr: 152,
  ifindex: 156,
  window: 160,
  segments: 162,
  mss: 164,
  ip_id: 166,
  place: 168,
  direction: 169,
  tcp_flags: 170,
  ttl: 171,
  tos: 172,
  window_scale: 173,
  sack_permitted: 174,
  has_timestamps: 175,
} as const satisfies Record<keyof PacketRow, number>;

export function readPacketRow(view: DataView, at: number): PacketRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    seq: view.getUint32(at + 112, true),
    ack: view.getUint32(at + 116, true),
    length: view.getUint32(at + 120, true),
    sack1_from: view.getUint32(at + 124, true),
    sack1_to: view.getUint32(at + 128, true),
    sack2_from: view.getUint32(at + 132, true),
    sack2_to: view.getUint32(at + 136, true),
    sack3_from: view.getUint32(at + 140, true),
    sack3_to: view.getUint32(at + 144, true),
    tsval: view.getUint32(at + 148, true),
    tsecr: view.getUint32(at + 152, true),
    ifindex: view.getUint32(at + 156, true),
    window: view.getUint16(at + 160, true),
    segments: view.getUint16(at + 162, true),
    mss: view.getUint16(at + 164, true),
    ip_id: view.getUint16(at + 166, true),
    place: PLACE[view.getUint8(at + 168)] ?? 'device_out',
    direction: DIRECTION[view.getUint8(at + 169)] ?? 'unknown',
    tcp_flags: view.getUint8(at + 170),
    ttl: view.getUint8(at + 171),
    tos: view.getUint8(at + 172),
    window_scale: view.getUint8(at + 173),
    sack_permitted: view.getUint8(at + 174) !== 0,
    has_timestamps: view.getUint8(at + 175) !== 0,
  };
}

export type StackRow = {
  /** CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
  time_ns: bigint;
  host_id: bigint;
  /** the socket's cookie; of a SYN-ACK retransmission, the listener's */
  connection_id: bigint;
  /** the socket's cgroup (v2 hierarchy); 0 unknown */
  cgroup_id: bigint;
  /** the network namespace's cookie */
  netns: bigint;
  local_addr: string;
  peer_addr: string;
  /** tgid of the owner; 0 unknown */
  pid: number;
  local_port: number;
  peer_port: number;
  kind: Kind;
  role: Role;
  state: State;
  owner: Owner;
  /** of the owner, zero-filled */
  comm: string;
  /** smoothed RTT; 0 before the first sample */
  srtt_us: number;
  /** of the socket's maker, in the initial user namespace; 0xffffffff unknown */
  uid: number;
  /** bit n: the filter in slot n wants this row */
  filters: number;
  /** in the ring the kernel's addresses, which agent/host/stack-names.ts replaces by the functions' names */
  stack: string;
  /** likewise of the process that the socket is of, where its own system call led there and this was asked for */
  user_stack: string;
  /** of a reset or a drop, as in its row; so are the members below. Of another event each is 0, which says nothing */
  about_reason: string;
  about_reason_code: number;
  /** of the other row; packet: a zero window that was sent, of which there is one only where packets are asked for */
  about: Kind;
  /** of a retransmission */
  about_class: Class;
  about_outcome: Outcome;
  /** of a drop */
  about_meaning: Meaning;
  /** of a reset, a drop or a packet */
  about_direction: Direction;
};

/** Where each member of a stack row lies, for readers that want a few of them. */
export const STACK_AT = {
  time_ns: 0,
  host_id: 8,
  connection_id: 16,
  cgroup_id: 24,
  netns: 32,
  local_addr: 40,
  peer_addr: 56,
  pid: 72,
  local_port: 76,
  peer_port: 78,
  kind: 80,
  role: 81,
  state: 82,
  owner: 83,
  comm: 84,
  srtt_us: 100,
  uid: 104,
  filters: 108,
  stack: 112,
  user_stack: 368,
  about_reason: 624,
  about_reason_code: 656,
  about: 660,
  about_class: 661,
  about_outcome: 662,
  about_meaning: 663,
  about_direction: 664,
} as const satisfies Record<keyof StackRow, number>;

export function readStackRow(view: DataView, at: number): StackRow {
  return {
    time_ns: view.getBigUint64(at + 0, true),
    host_id: view.getBigUint64(at + 8, true),
    connection_id: view.getBigUint64(at + 16, true),
    cgroup_id: view.getBigUint64(at + 24, true),
    netns: view.getBigUint64(at + 32, true),
    local_addr: readAddress(view, at + 40),
    peer_addr: readAddress(view, at + 56),
    pid: view.getUint32(at + 72, true),
    local_port: view.getUint16(at + 76, true),
    peer_port: view.getUint16(at + 78, true),
    kind: KIND[view.getUint8(at + 80)] ?? 'retransmit',
    role: ROLE[view.getUint8(at + 81)] ?? 'unknown',
    state: STATE[view.getUint8(at + 82)] ?? 'unknown',
    owner: OWNER[view.getUint8(at + 83)] ?? 'unknown',
    comm: readText(view, at + 84, 16),
    srtt_us: view.getUint32(at + 100, true),
    uid: view.getUint32(at + 104, true),
    filters: view.getUint32(at + 108, true),
    stack: readText(view, at + 112, 256),
    user_stack: readText(view, at + 368, 256),
    about_reason: readText(view, at + 624, 32),
    about_reason_code: view.getUint32(at + 656, true),
    about: KIND[view.getUint8(at + 660)] ?? 'retransmit',
    about_class: CLASS[view.getUint8(at + 661)] ?? 'unknown',
    about_outcome: OUTCOME[view.getUint8(at + 662)] ?? 'sent',
    about_meaning: MEANING[view.getUint8(at + 663)] ?? 'lost',
    about_direction: DIRECTION[view.getUint8(at + 664)] ?? 'unknown',
  };
}

/** Every kind, by its table's name; `index` is the ring's and the head's `kind`. */
export const KINDS = {
  retransmit: {
    index: 0,
    words: "One skb sent again (up to ~45 segments), or one SYN-ACK.",
    size: 176,
    schema: 'retransmit/646c4c3cc8e2',
    read: readRetransmitRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'segments', offset: 112, size: 4, type: "UInt32", comment: "" },
      { name: 'bytes', offset: 116, size: 4, type: "UInt32", comment: "" },
      { name: 'seq', offset: 120, size: 4, type: "UInt32", comment: "first and past-last sequence number, relative to the ISN" },
      { name: 'end_seq', offset: 124, size: 4, type: "UInt32", comment: "" },
      { name: 'rto_us', offset: 128, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_cwnd', offset: 132, size: 4, type: "UInt32", comment: "segments" },
      { name: 'snd_ssthresh', offset: 136, size: 4, type: "UInt32", comment: "segments; 0x7fffffff: not yet known" },
      { name: 'packets_out', offset: 140, size: 4, type: "UInt32", comment: "segments in flight" },
      { name: 'total_retrans', offset: 144, size: 4, type: "UInt32", comment: "the socket's own counter after this attempt, segments" },
      { name: 'dsack_dups', offset: 148, size: 4, type: "UInt32", comment: "segments that DSACKs reported twice since the connection's last row of this kind" },
      { name: 'lost_out', offset: 152, size: 4, type: "UInt32", comment: "segments held for lost, reported by SACK, sent again and not yet acknowledged" },
      { name: 'sacked_out', offset: 156, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_out', offset: 160, size: 4, type: "UInt32", comment: "" },
      { name: 'mss', offset: 164, size: 2, type: "UInt16", comment: "payload of each of its segments but the last; 0: it is one segment" },
      { name: 'err', offset: 166, size: 2, type: "Int16", comment: "of a failed or refused attempt, as the kernel says it: -errno, or positive a queue's verdict (1 dropped)" },
      { name: 'class', offset: 168, size: 1, type: "Enum8('unknown' = 0, 'fast' = 1, 'slow_start' = 2, 'rto' = 3, 'tlp' = 4, 'syn' = 5, 'syn_ack' = 6)", comment: "" },
      { name: 'outcome', offset: 169, size: 1, type: "Enum8('sent' = 0, 'failed' = 1, 'refused' = 2)", comment: "" },
      { name: 'ca_state', offset: 170, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'backoff', offset: 171, size: 1, type: "UInt8", comment: "" },
      { name: 'retransmits', offset: 172, size: 1, type: "UInt8", comment: "unrecovered RTO timeouts (icsk_retransmits)" },
      { name: 'head_of_queue', offset: 173, size: 1, type: "Bool", comment: "1: it starts at snd_una" },
      { name: 'evidence', offset: 174, size: 1, type: "Enum8('none' = 0, 'dsack' = 1, 'undo' = 2, 'both' = 3)", comment: "about the retransmissions since the connection's last row of this kind" },
      { name: 'pad', offset: 175, size: 1, type: "FixedString(1)", comment: "" },
    ],
  },
  connection: {
    index: 1,
    words: "A connection's open, its close with the whole account, or a connect that failed. An open row is written at once, or by the first sweep that finds the connection; then its members are as of that sweep. If no sweep found the connection, the close row tells of the opening too.",
    size: 568,
    schema: 'connection/55ce78877fd6',
    read: readConnectionRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'listener_id', offset: 112, size: 8, type: "UInt64", comment: "of an accepted connection, the listener's cookie; 0 unknown or none" },
      { name: 'congestion_control', offset: 120, size: 16, type: "FixedString(16)", comment: "the algorithm at the end" },
      { name: 'duration_us', offset: 136, size: 8, type: "UInt64", comment: "from first sight to this row" },
      { name: 'syn_sent_us', offset: 144, size: 8, type: "UInt64", comment: "time in each state, as far as it was seen" },
      { name: 'syn_recv_us', offset: 152, size: 8, type: "UInt64", comment: "" },
      { name: 'established_us', offset: 160, size: 8, type: "UInt64", comment: "" },
      { name: 'fin_wait1_us', offset: 168, size: 8, type: "UInt64", comment: "" },
      { name: 'fin_wait2_us', offset: 176, size: 8, type: "UInt64", comment: "" },
      { name: 'close_wait_us', offset: 184, size: 8, type: "UInt64", comment: "" },
      { name: 'closing_us', offset: 192, size: 8, type: "UInt64", comment: "" },
      { name: 'last_ack_us', offset: 200, size: 8, type: "UInt64", comment: "" },
      { name: 'accept_us', offset: 208, size: 8, type: "UInt64", comment: "server: from when it was ready (established, or its data in) to its first read or write; 0 unknown" },
      { name: 'first_send_us', offset: 216, size: 8, type: "UInt64", comment: "first sight to the first write and to the first read with data; 0 none or unknown" },
      { name: 'first_receive_us', offset: 224, size: 8, type: "UInt64", comment: "" },
      { name: 'turn_us', offset: 232, size: 8, type: "UInt64", comment: "client: sum of the times from a write until the data came that was read next; server: from then to the next write" },
      { name: 'turn_rtt_us', offset: 240, size: 8, type: "UInt64", comment: "sum of the newest RTT at each of these turns; of a client, how much of turn_us the network can have taken (up to some 40 ms of it are the peer's own if it acknowledges with its answer)" },
      { name: 'delivery_rate', offset: 248, size: 8, type: "UInt64", comment: "bytes per second, the kernel's last estimate" },
      { name: 'bytes_sent', offset: 256, size: 8, type: "UInt64", comment: "payload that left TCP, retransmissions included; without bytes_failed" },
      { name: 'bytes_failed', offset: 264, size: 8, type: "UInt64", comment: "payload that the layers below TCP did not take at its first sending: no route, link down, queue full" },
      { name: 'bytes_acked', offset: 272, size: 8, type: "UInt64", comment: "as the kernel counts: a FIN, and on the client the SYN, count one each" },
      { name: 'bytes_received', offset: 280, size: 8, type: "UInt64", comment: "payload" },
      { name: 'bytes_retrans', offset: 288, size: 8, type: "UInt64", comment: "" },
      { name: 'busy_us', offset: 296, size: 8, type: "UInt64", comment: "time with data to send, in it limited by the peer's window or by the send buffer" },
      { name: 'rwnd_limited_us', offset: 304, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us', offset: 312, size: 8, type: "UInt64", comment: "" },
      { name: 'local_limited_us', offset: 320, size: 8, type: "UInt64", comment: "busy, but nothing left this host: its layers below TCP took nothing, or it had no route for what is sent again" },
      { name: 'bytes_sent_rest', offset: 328, size: 8, type: "UInt64", comment: "`_rest`: what no sample row has reported, so that samples and closes add up" },
      { name: 'bytes_received_rest', offset: 336, size: 8, type: "UInt64", comment: "" },
      { name: 'busy_us_rest', offset: 344, size: 8, type: "UInt64", comment: "" },
      { name: 'rwnd_limited_us_rest', offset: 352, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us_rest', offset: 360, size: 8, type: "UInt64", comment: "" },
      { name: 'local_limited_us_rest', offset: 368, size: 8, type: "UInt64", comment: "" },
      { name: 'interval_us_rest', offset: 376, size: 8, type: "UInt64", comment: "" },
      { name: 'data_segs_out_rest', offset: 384, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_data_rest', offset: 388, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_spurious_rest', offset: 392, size: 4, type: "UInt32", comment: "" },
      { name: 'connect_us', offset: 396, size: 4, type: "UInt32", comment: "client: SYN to ESTABLISHED; server: SYN-ACK to its ACK; 0 unknown" },
      { name: 'segs_out', offset: 400, size: 4, type: "UInt32", comment: "" },
      { name: 'segs_in', offset: 404, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_out', offset: 408, size: 4, type: "UInt32", comment: "as the kernel counts: attempts that the layers below TCP did not take are in it" },
      { name: 'data_segs_in', offset: 412, size: 4, type: "UInt32", comment: "" },
      { name: 'total_retrans', offset: 416, size: 4, type: "UInt32", comment: "the socket's own counter, with which retransmit rows are compared" },
      { name: 'unattributed', offset: 420, size: 4, type: "UInt32", comment: "total_retrans that no retransmit row accounts for" },
      { name: 'retrans_fast', offset: 424, size: 4, type: "UInt32", comment: "segments of this connection's retransmit rows, sent and failed, by class" },
      { name: 'retrans_slow_start', offset: 428, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_rto', offset: 432, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_tlp', offset: 436, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_syn', offset: 440, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_syn_ack', offset: 444, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_data', offset: 448, size: 4, type: "UInt32", comment: "of these, segments with payload that are no tail probe: what a loss ratio counts" },
      { name: 'rttvar_us', offset: 452, size: 4, type: "UInt32", comment: "" },
      { name: 'turn_max_us', offset: 456, size: 4, type: "UInt32", comment: "the longest turn" },
      { name: 'stall_max_us', offset: 460, size: 4, type: "UInt32", comment: "the longest time that a transfer under way stood still, as far as reads, sends and timeouts show it; 50 ms at least" },
      { name: 'turns', offset: 464, size: 4, type: "UInt32", comment: "how often a write was followed by a read (client), or a read by a write (server)" },
      { name: 'rtt_min_us', offset: 468, size: 4, type: "UInt32", comment: "windowed minimum; 0 unknown" },
      { name: 'srtt_max_us', offset: 472, size: 4, type: "UInt32", comment: "the largest that an event or a sweep saw" },
      { name: 'dsack_dups', offset: 476, size: 4, type: "UInt32", comment: "segments that DSACKs reported twice" },
      { name: 'undos', offset: 480, size: 4, type: "UInt32", comment: "congestion responses that the kernel took back" },
      { name: 'retrans_spurious', offset: 484, size: 4, type: "UInt32", comment: "segments of total_retrans that DSACKs or undos show were not needed" },
      { name: 'delivered_ce', offset: 488, size: 4, type: "UInt32", comment: "segments acknowledged with a congestion mark" },
      { name: 'reordering', offset: 492, size: 4, type: "UInt32", comment: "segments: the distance at which loss is assumed" },
      { name: 'reord_seen', offset: 496, size: 4, type: "UInt32", comment: "reordering events" },
      { name: 'mss', offset: 500, size: 4, type: "UInt32", comment: "bytes, of what is sent" },
      { name: 'snd_cwnd', offset: 504, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_ssthresh', offset: 508, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_wnd', offset: 512, size: 4, type: "UInt32", comment: "bytes" },
      { name: 'rcv_wnd', offset: 516, size: 4, type: "UInt32", comment: "" },
      { name: 'notsent', offset: 520, size: 4, type: "UInt32", comment: "bytes written and never sent" },
      { name: 'unacked', offset: 524, size: 4, type: "UInt32", comment: "bytes sent and not acknowledged, payload as the two beside it" },
      { name: 'unread', offset: 528, size: 4, type: "UInt32", comment: "bytes received that no process has read, as of when the last one let go of the socket" },
      { name: 'probes_out', offset: 532, size: 4, type: "UInt32", comment: "keepalive or window probes not answered" },
      { name: 'unheard_us', offset: 536, size: 4, type: "UInt32", comment: "since the peer was last heard, at most 71 minutes" },
      { name: 'snd_isn', offset: 540, size: 4, type: "UInt32", comment: "initial sequence numbers; 0 unknown" },
      { name: 'rcv_isn', offset: 544, size: 4, type: "UInt32", comment: "" },
      { name: 'idle_restart_us', offset: 548, size: 4, type: "UInt32", comment: "the longest pause in sending after which the kernel cut snd_cwnd (slow start after idle)" },
      { name: 'idle_restarts', offset: 552, size: 2, type: "UInt16", comment: "how often a write showed such a cut" },
      { name: 'sk_err', offset: 554, size: 2, type: "Int16", comment: "errno of the socket, positive; 0 none" },
      { name: 'port_first', offset: 556, size: 2, type: "UInt16", comment: "of end_reason no_port, the range that connect() chose from; else 0" },
      { name: 'port_last', offset: 558, size: 2, type: "UInt16", comment: "" },
      { name: 'event', offset: 560, size: 1, type: "Enum8('open' = 0, 'close' = 1, 'failed' = 2)", comment: "" },
      { name: 'end_reason', offset: 561, size: 1, type: "Enum8('none' = 0, 'fin_local' = 1, 'fin_peer' = 2, 'rst_sent' = 3, 'rst_received' = 4, 'timeout' = 5, 'refused' = 6, 'unreachable' = 7, 'abort' = 8, 'unknown' = 9, 'no_port' = 10)", comment: "" },
      { name: 'preexisting', offset: 562, size: 1, type: "Bool", comment: "1: it was open before the agent came, or began before and failed; figures about its beginning are unknown" },
      { name: 'keepalive', offset: 563, size: 1, type: "Bool", comment: "1: SO_KEEPALIVE is on" },
      { name: 'syn_arrived', offset: 564, size: 1, type: "Bool", comment: "1: a SYN was sent again although the peer had the first one: its answer was lost or late" },
      { name: 'tells_open', offset: 565, size: 1, type: "Bool", comment: "1: this close row tells of the opening too, since no row did before" },
      { name: 'pad', offset: 566, size: 2, type: "FixedString(2)", comment: "" },
    ],
  },
  state_change: {
    index: 2,
    words: "A transition between TCP states.",
    size: 128,
    schema: 'state_change/9e8f0a5e61e4',
    read: readStateChangeRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'duration_us', offset: 112, size: 8, type: "UInt64", comment: "in old_state; 0 unknown" },
      { name: 'old_state', offset: 120, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'new_state', offset: 121, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'pad', offset: 122, size: 6, type: "FixedString(6)", comment: "" },
    ],
  },
  sample: {
    index: 3,
    words: "A live connection that moved since its last sample. Counters are deltas over interval_us, the rest is as of now.",
    size: 360,
    schema: 'sample/535160a8c7d1',
    read: readSampleRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'bytes_sent', offset: 112, size: 8, type: "UInt64", comment: "see connection_row" },
      { name: 'bytes_failed', offset: 120, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_acked', offset: 128, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_received', offset: 136, size: 8, type: "UInt64", comment: "payload" },
      { name: 'delivery_rate', offset: 144, size: 8, type: "UInt64", comment: "bytes per second, the kernel's latest estimate" },
      { name: 'busy_us', offset: 152, size: 8, type: "UInt64", comment: "" },
      { name: 'rwnd_limited_us', offset: 160, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us', offset: 168, size: 8, type: "UInt64", comment: "" },
      { name: 'local_limited_us', offset: 176, size: 8, type: "UInt64", comment: "" },
      { name: 'interval_us', offset: 184, size: 8, type: "UInt64", comment: "since the last sample; since first sight for the first" },
      { name: 'state_us', offset: 192, size: 8, type: "UInt64", comment: "in the present state; 0 unknown" },
      { name: 'turn_us', offset: 200, size: 8, type: "UInt64", comment: "see connection_row" },
      { name: 'turn_rtt_us', offset: 208, size: 8, type: "UInt64", comment: "" },
      { name: 'congestion_control', offset: 216, size: 16, type: "FixedString(16)", comment: "" },
      { name: 'segs_out', offset: 232, size: 4, type: "UInt32", comment: "" },
      { name: 'segs_in', offset: 236, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_out', offset: 240, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_in', offset: 244, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans', offset: 248, size: 4, type: "UInt32", comment: "segments (total_retrans)" },
      { name: 'retrans_data', offset: 252, size: 4, type: "UInt32", comment: "of them, see connection_row" },
      { name: 'retrans_spurious', offset: 256, size: 4, type: "UInt32", comment: "" },
      { name: 'turn_max_us', offset: 260, size: 4, type: "UInt32", comment: "the longest turn and stall that ended since the last sample" },
      { name: 'stall_max_us', offset: 264, size: 4, type: "UInt32", comment: "" },
      { name: 'dsack_dups', offset: 268, size: 4, type: "UInt32", comment: "" },
      { name: 'unattributed', offset: 272, size: 4, type: "UInt32", comment: "over the connection's life so far, not a delta" },
      { name: 'rttvar_us', offset: 276, size: 4, type: "UInt32", comment: "" },
      { name: 'rtt_min_us', offset: 280, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_cwnd', offset: 284, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_ssthresh', offset: 288, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_wnd', offset: 292, size: 4, type: "UInt32", comment: "bytes" },
      { name: 'rcv_wnd', offset: 296, size: 4, type: "UInt32", comment: "" },
      { name: 'packets_out', offset: 300, size: 4, type: "UInt32", comment: "" },
      { name: 'notsent', offset: 304, size: 4, type: "UInt32", comment: "bytes written and not yet sent" },
      { name: 'unread', offset: 308, size: 4, type: "UInt32", comment: "bytes received and not yet read" },
      { name: 'reordering', offset: 312, size: 4, type: "UInt32", comment: "" },
      { name: 'reord_seen', offset: 316, size: 4, type: "UInt32", comment: "" },
      { name: 'lost_out', offset: 320, size: 4, type: "UInt32", comment: "segments held for lost, reported by SACK, sent again and not yet acknowledged" },
      { name: 'sacked_out', offset: 324, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_out', offset: 328, size: 4, type: "UInt32", comment: "" },
      { name: 'undos', offset: 332, size: 4, type: "UInt32", comment: "congestion responses taken back" },
      { name: 'turns', offset: 336, size: 4, type: "UInt32", comment: "" },
      { name: 'delivered_ce', offset: 340, size: 4, type: "UInt32", comment: "" },
      { name: 'probes_out', offset: 344, size: 4, type: "UInt32", comment: "keepalive or window probes not answered" },
      { name: 'idle_us', offset: 348, size: 4, type: "UInt32", comment: "since data was last sent or received, at most 71 minutes" },
      { name: 'idle_restarts', offset: 352, size: 2, type: "UInt16", comment: "see connection_row; over the connection's life so far, not a delta" },
      { name: 'ca_state', offset: 354, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'evidence', offset: 355, size: 1, type: "Enum8('none' = 0, 'dsack' = 1, 'undo' = 2, 'both' = 3)", comment: "about retransmissions, since the last sample" },
      { name: 'app_limited', offset: 356, size: 1, type: "Bool", comment: "1: delivery_rate is bounded by the application" },
      { name: 'keepalive', offset: 357, size: 1, type: "Bool", comment: "" },
      { name: 'backoff', offset: 358, size: 1, type: "UInt8", comment: "" },
      { name: 'pad', offset: 359, size: 1, type: "FixedString(1)", comment: "" },
    ],
  },
  reset: {
    index: 4,
    words: "A RST sent or received. Without a socket (closed port, TIME_WAIT) the ends are those of the packet that provoked it.",
    size: 200,
    schema: 'reset/9b014b245db4',
    read: readResetRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'reason', offset: 112, size: 32, type: "FixedString(32)", comment: "the kernel's name for why it was sent; empty: it does not say (received, or before Linux 6.10)" },
      { name: 'idle_us', offset: 144, size: 8, type: "UInt64", comment: "since the peer was last heard; 0 unknown" },
      { name: 'state_us', offset: 152, size: 8, type: "UInt64", comment: "in the present state; 0 unknown" },
      { name: 'bytes_sent', offset: 160, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_received', offset: 168, size: 8, type: "UInt64", comment: "" },
      { name: 'reason_code', offset: 176, size: 4, type: "UInt32", comment: "the number behind reason, on this kernel" },
      { name: 'unread', offset: 180, size: 4, type: "UInt32", comment: "bytes received and not read" },
      { name: 'notsent', offset: 184, size: 4, type: "UInt32", comment: "bytes written and not sent" },
      { name: 'packets_out', offset: 188, size: 4, type: "UInt32", comment: "segments in flight" },
      { name: 'seq', offset: 192, size: 4, type: "UInt32", comment: "of the packet that provoked it; 0 none" },
      { name: 'direction', offset: 196, size: 1, type: "Enum8('unknown' = 0, 'sent' = 1, 'received' = 2)", comment: "" },
      { name: 'has_socket', offset: 197, size: 1, type: "Bool", comment: "" },
      { name: 'linger_zero', offset: 198, size: 1, type: "Bool", comment: "SO_LINGER 0 is set: close() aborts" },
      { name: 'tcp_flags', offset: 199, size: 1, type: "UInt8", comment: "of the packet that provoked it; 0 none" },
    ],
  },
  congestion: {
    index: 5,
    words: "The congestion control's view of the path changes.",
    size: 168,
    schema: 'congestion/77bbbbd53fbf',
    read: readCongestionRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'duration_us', offset: 112, size: 8, type: "UInt64", comment: "in old_ca_state; 0 unknown" },
      { name: 'snd_cwnd', offset: 120, size: 4, type: "UInt32", comment: "as the change begins" },
      { name: 'snd_ssthresh', offset: 124, size: 4, type: "UInt32", comment: "" },
      { name: 'packets_out', offset: 128, size: 4, type: "UInt32", comment: "" },
      { name: 'lost_out', offset: 132, size: 4, type: "UInt32", comment: "" },
      { name: 'sacked_out', offset: 136, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_out', offset: 140, size: 4, type: "UInt32", comment: "" },
      { name: 'reordering', offset: 144, size: 4, type: "UInt32", comment: "" },
      { name: 'dsack_dups', offset: 148, size: 4, type: "UInt32", comment: "segments that DSACKs reported twice since the last row of this kind" },
      { name: 'retrans', offset: 152, size: 4, type: "UInt32", comment: "segments sent again since the last row of this kind" },
      { name: 'retrans_spurious', offset: 156, size: 4, type: "UInt32", comment: "of them, as far as `evidence` shows, not needed" },
      { name: 'old_ca_state', offset: 160, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'new_ca_state', offset: 161, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'evidence', offset: 162, size: 1, type: "Enum8('none' = 0, 'dsack' = 1, 'undo' = 2, 'both' = 3)", comment: "" },
      { name: 'pad', offset: 163, size: 5, type: "FixedString(5)", comment: "" },
    ],
  },
  drop: {
    index: 6,
    words: "A TCP packet that this host freed without delivering it. Only where `meaning` is lost, something is missing.",
    size: 208,
    schema: 'drop/d80faaccbd75',
    read: readDropRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'reason', offset: 112, size: 32, type: "FixedString(32)", comment: "the kernel's name; empty before Linux 5.17" },
      { name: 'location', offset: 144, size: 32, type: "FixedString(32)", comment: "the kernel function that dropped it; empty where symbols are hidden" },
      { name: 'address', offset: 176, size: 8, type: "UInt64", comment: "of the instruction after the drop" },
      { name: 'reason_code', offset: 184, size: 4, type: "UInt32", comment: "the number behind reason, on this kernel" },
      { name: 'seq', offset: 188, size: 4, type: "UInt32", comment: "" },
      { name: 'ack', offset: 192, size: 4, type: "UInt32", comment: "" },
      { name: 'length', offset: 196, size: 4, type: "UInt32", comment: "bytes of payload" },
      { name: 'ifindex', offset: 200, size: 4, type: "UInt32", comment: "of the interface it came in by or was to leave by; 0 unknown" },
      { name: 'direction', offset: 204, size: 1, type: "Enum8('unknown' = 0, 'sent' = 1, 'received' = 2)", comment: "" },
      { name: 'has_socket', offset: 205, size: 1, type: "Bool", comment: "" },
      { name: 'tcp_flags', offset: 206, size: 1, type: "UInt8", comment: "" },
      { name: 'meaning', offset: 207, size: 1, type: "Enum8('lost' = 0, 'answered' = 1, 'duplicate' = 2, 'refused' = 3)", comment: "" },
    ],
  },
  listener: {
    index: 7,
    words: "A listening socket: each sweep, and once more where it ends (state CLOSE).",
    size: 152,
    schema: 'listener/a98f2bfb2348',
    read: readListenerRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'interval_us', offset: 112, size: 8, type: "UInt64", comment: "since its last row" },
      { name: 'accept_queue', offset: 120, size: 4, type: "UInt32", comment: "connections that wait for accept()" },
      { name: 'accept_queue_limit', offset: 124, size: 4, type: "UInt32", comment: "the kernel refuses when more than this wait" },
      { name: 'syn_backlog', offset: 128, size: 4, type: "UInt32", comment: "handshakes under way" },
      { name: 'overflows', offset: 132, size: 4, type: "UInt32", comment: "since its last row: connections turned away because the accept queue was full, each once (ListenOverflows)" },
      { name: 'drops', offset: 136, size: 4, type: "UInt32", comment: "since its last row: packets it dropped for any reason (sk_drops), some of them counted twice by the kernel" },
      { name: 'drops_total', offset: 140, size: 4, type: "UInt32", comment: "" },
      { name: 'accepted', offset: 144, size: 4, type: "UInt32", comment: "connections that reached it since its last row" },
      { name: 'defer_accept', offset: 148, size: 1, type: "Bool", comment: "" },
      { name: 'fast_open', offset: 149, size: 1, type: "Bool", comment: "" },
      { name: 'pad', offset: 150, size: 2, type: "FixedString(2)", comment: "" },
    ],
  },
  namespace: {
    index: 8,
    words: "A network namespace's own counters since its last row (nstat has the names) and what the rows account for.",
    size: 520,
    schema: 'namespace/028bacff65b8',
    read: readNamespaceRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'interval_us', offset: 112, size: 8, type: "UInt64", comment: "" },
      { name: 'in_segs', offset: 120, size: 8, type: "UInt64", comment: "" },
      { name: 'out_segs', offset: 128, size: 8, type: "UInt64", comment: "" },
      { name: 'retrans_segs', offset: 136, size: 8, type: "UInt64", comment: "TcpRetransSegs, with which retransmit rows are compared" },
      { name: 'retrans_attributed', offset: 144, size: 8, type: "UInt64", comment: "segments of retransmit rows, sent and failed" },
      { name: 'unattributed', offset: 152, size: 8, type: "UInt64", comment: "segments sent again, now or earlier, that are now known to be in no retransmit row" },
      { name: 'active_opens', offset: 160, size: 8, type: "UInt64", comment: "" },
      { name: 'passive_opens', offset: 168, size: 8, type: "UInt64", comment: "" },
      { name: 'attempt_fails', offset: 176, size: 8, type: "UInt64", comment: "" },
      { name: 'estab_resets', offset: 184, size: 8, type: "UInt64", comment: "" },
      { name: 'out_rsts', offset: 192, size: 8, type: "UInt64", comment: "" },
      { name: 'in_errs', offset: 200, size: 8, type: "UInt64", comment: "" },
      { name: 'timeouts', offset: 208, size: 8, type: "UInt64", comment: "" },
      { name: 'syn_retrans', offset: 216, size: 8, type: "UInt64", comment: "" },
      { name: 'fast_retrans', offset: 224, size: 8, type: "UInt64", comment: "" },
      { name: 'slow_start_retrans', offset: 232, size: 8, type: "UInt64", comment: "" },
      { name: 'loss_probes', offset: 240, size: 8, type: "UInt64", comment: "" },
      { name: 'lost_retransmit', offset: 248, size: 8, type: "UInt64", comment: "" },
      { name: 'retrans_fail', offset: 256, size: 8, type: "UInt64", comment: "" },
      { name: 'spurious_rtos', offset: 264, size: 8, type: "UInt64", comment: "" },
      { name: 'full_undo', offset: 272, size: 8, type: "UInt64", comment: "" },
      { name: 'loss_undo', offset: 280, size: 8, type: "UInt64", comment: "" },
      { name: 'dsack_undo', offset: 288, size: 8, type: "UInt64", comment: "" },
      { name: 'dsack_received', offset: 296, size: 8, type: "UInt64", comment: "" },
      { name: 'listen_overflows', offset: 304, size: 8, type: "UInt64", comment: "" },
      { name: 'listen_drops', offset: 312, size: 8, type: "UInt64", comment: "" },
      { name: 'req_q_full_drop', offset: 320, size: 8, type: "UInt64", comment: "" },
      { name: 'req_q_full_cookies', offset: 328, size: 8, type: "UInt64", comment: "" },
      { name: 'syncookies_sent', offset: 336, size: 8, type: "UInt64", comment: "" },
      { name: 'syncookies_failed', offset: 344, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_on_data', offset: 352, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_on_close', offset: 360, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_on_memory', offset: 368, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_on_timeout', offset: 376, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_on_linger', offset: 384, size: 8, type: "UInt64", comment: "" },
      { name: 'abort_failed', offset: 392, size: 8, type: "UInt64", comment: "" },
      { name: 'backlog_drop', offset: 400, size: 8, type: "UInt64", comment: "" },
      { name: 'rcvq_drop', offset: 408, size: 8, type: "UInt64", comment: "" },
      { name: 'ofo_drop', offset: 416, size: 8, type: "UInt64", comment: "" },
      { name: 'zero_window_drop', offset: 424, size: 8, type: "UInt64", comment: "" },
      { name: 'from_zero_window', offset: 432, size: 8, type: "UInt64", comment: "this host's windows that closed and opened again" },
      { name: 'to_zero_window', offset: 440, size: 8, type: "UInt64", comment: "" },
      { name: 'want_zero_window', offset: 448, size: 8, type: "UInt64", comment: "" },
      { name: 'keepalives', offset: 456, size: 8, type: "UInt64", comment: "" },
      { name: 'win_probes', offset: 464, size: 8, type: "UInt64", comment: "" },
      { name: 'memory_pressures', offset: 472, size: 8, type: "UInt64", comment: "" },
      { name: 'time_wait_overflow', offset: 480, size: 8, type: "UInt64", comment: "" },
      { name: 'out_no_routes', offset: 488, size: 8, type: "UInt64", comment: "packets of any protocol, and connects, for which this host had no route: IPv4 and IPv6" },
      { name: 'inuse', offset: 496, size: 4, type: "UInt32", comment: "now: sockets of any state but TIME_WAIT, orphans, TIME_WAITs" },
      { name: 'orphans', offset: 500, size: 4, type: "UInt32", comment: "" },
      { name: 'time_wait', offset: 504, size: 4, type: "UInt32", comment: "" },
      { name: 'curr_estab', offset: 508, size: 4, type: "UInt32", comment: "" },
      { name: 'mem_pages', offset: 512, size: 4, type: "UInt32", comment: "TCP's memory on the whole host" },
      { name: 'port_range', offset: 516, size: 4, type: "UInt32", comment: "size of ip_local_port_range" },
    ],
  },
  progress: {
    index: 9,
    words: "A segment that came to a connection which is followed, with what the socket had just before it took the segment in. Only what an investigation asks for has such rows. Sequence numbers are those of the packets.",
    size: 240,
    schema: 'progress/8b5f2135beef',
    read: readProgressRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'seq', offset: 112, size: 4, type: "UInt32", comment: "of the segment: first and past-last sequence number, with SYN and FIN" },
      { name: 'end_seq', offset: 116, size: 4, type: "UInt32", comment: "" },
      { name: 'ack', offset: 120, size: 4, type: "UInt32", comment: "" },
      { name: 'sack1_from', offset: 124, size: 4, type: "UInt32", comment: "what its SACK blocks report, in their order; the first may tell of a duplicate. 0 and 0: none" },
      { name: 'sack1_to', offset: 128, size: 4, type: "UInt32", comment: "" },
      { name: 'sack2_from', offset: 132, size: 4, type: "UInt32", comment: "" },
      { name: 'sack2_to', offset: 136, size: 4, type: "UInt32", comment: "" },
      { name: 'sack3_from', offset: 140, size: 4, type: "UInt32", comment: "" },
      { name: 'sack3_to', offset: 144, size: 4, type: "UInt32", comment: "" },
      { name: 'tsval', offset: 148, size: 4, type: "UInt32", comment: "its timestamps; 0 and 0: it has none" },
      { name: 'tsecr', offset: 152, size: 4, type: "UInt32", comment: "" },
      { name: 'segs_in', offset: 156, size: 4, type: "UInt32", comment: "the socket's counter, with which the `segments` of its rows are compared" },
      { name: 'snd_isn', offset: 160, size: 4, type: "UInt32", comment: "initial sequence numbers; 0 unknown" },
      { name: 'rcv_isn', offset: 164, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_una', offset: 168, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_nxt', offset: 172, size: 4, type: "UInt32", comment: "" },
      { name: 'rcv_nxt', offset: 176, size: 4, type: "UInt32", comment: "" },
      { name: 'rcv_wup', offset: 180, size: 4, type: "UInt32", comment: "rcv_nxt as of the last acknowledgement that the socket sent" },
      { name: 'snd_wnd', offset: 184, size: 4, type: "UInt32", comment: "bytes" },
      { name: 'rcv_wnd', offset: 188, size: 4, type: "UInt32", comment: "" },
      { name: 'unread', offset: 192, size: 4, type: "UInt32", comment: "bytes received and not yet read" },
      { name: 'notsent', offset: 196, size: 4, type: "UInt32", comment: "bytes written and not yet sent" },
      { name: 'rto_us', offset: 200, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_cwnd', offset: 204, size: 4, type: "UInt32", comment: "segments" },
      { name: 'snd_ssthresh', offset: 208, size: 4, type: "UInt32", comment: "" },
      { name: 'packets_out', offset: 212, size: 4, type: "UInt32", comment: "" },
      { name: 'lost_out', offset: 216, size: 4, type: "UInt32", comment: "" },
      { name: 'sacked_out', offset: 220, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_out', offset: 224, size: 4, type: "UInt32", comment: "" },
      { name: 'total_retrans', offset: 228, size: 4, type: "UInt32", comment: "" },
      { name: 'out_of_order', offset: 232, size: 4, type: "UInt32", comment: "segments that came out of order, over the connection's life (rcv_ooopack)" },
      { name: 'segments', offset: 236, size: 2, type: "UInt16", comment: "as many segments came as one" },
      { name: 'tcp_flags', offset: 238, size: 1, type: "UInt8", comment: "" },
      { name: 'ca_state', offset: 239, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
    ],
  },
  packet: {
    index: 10,
    words: "The headers of a packet of a connection that is followed, as a network device took it or gave it. Only what an investigation asks for has such rows. A packet that this host passes on has one for each device, and then the sender counts as this end.",
    size: 176,
    schema: 'packet/512595f90d57',
    read: readPacketRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'seq', offset: 112, size: 4, type: "UInt32", comment: "" },
      { name: 'ack', offset: 116, size: 4, type: "UInt32", comment: "" },
      { name: 'length', offset: 120, size: 4, type: "UInt32", comment: "bytes of payload" },
      { name: 'sack1_from', offset: 124, size: 4, type: "UInt32", comment: "see progress_row" },
      { name: 'sack1_to', offset: 128, size: 4, type: "UInt32", comment: "" },
      { name: 'sack2_from', offset: 132, size: 4, type: "UInt32", comment: "" },
      { name: 'sack2_to', offset: 136, size: 4, type: "UInt32", comment: "" },
      { name: 'sack3_from', offset: 140, size: 4, type: "UInt32", comment: "" },
      { name: 'sack3_to', offset: 144, size: 4, type: "UInt32", comment: "" },
      { name: 'tsval', offset: 148, size: 4, type: "UInt32", comment: "" },
      { name: 'tsecr', offset: 152, size: 4, type: "UInt32", comment: "" },
      { name: 'ifindex', offset: 156, size: 4, type: "UInt32", comment: "of the device" },
      { name: 'window', offset: 160, size: 2, type: "UInt16", comment: "as in the header, not scaled" },
      { name: 'segments', offset: 162, size: 2, type: "UInt16", comment: "as many segments as the device cuts it into, or has put together" },
      { name: 'mss', offset: 164, size: 2, type: "UInt16", comment: "of a SYN, what it offers: 0 none; of several segments, the payload of each but the last" },
      { name: 'ip_id', offset: 166, size: 2, type: "UInt16", comment: "IPv4" },
      { name: 'place', offset: 168, size: 1, type: "Enum8('device_out' = 0, 'device_in' = 1)", comment: "" },
      { name: 'direction', offset: 169, size: 1, type: "Enum8('unknown' = 0, 'sent' = 1, 'received' = 2)", comment: "unknown: this host passes it on" },
      { name: 'tcp_flags', offset: 170, size: 1, type: "UInt8", comment: "" },
      { name: 'ttl', offset: 171, size: 1, type: "UInt8", comment: "or hop limit" },
      { name: 'tos', offset: 172, size: 1, type: "UInt8", comment: "DSCP and ECN" },
      { name: 'window_scale', offset: 173, size: 1, type: "UInt8", comment: "of a SYN, plus one: 0 none" },
      { name: 'sack_permitted', offset: 174, size: 1, type: "Bool", comment: "of a SYN" },
      { name: 'has_timestamps', offset: 175, size: 1, type: "Bool", comment: "" },
    ],
  },
  stack: {
    index: 11,
    words: "By which way the kernel came to an event that another row tells, with the same head but for the kind, or to a zero window. Only what an investigation asks for has such rows.",
    size: 672,
    schema: 'stack/846b5258fcc1',
    read: readStackRow,
    columns: [
      { name: 'time_ns', offset: 0, size: 8, type: "DateTime64(9)", comment: "CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it" },
      { name: 'host_id', offset: 8, size: 8, type: "UInt64", comment: "" },
      { name: 'connection_id', offset: 16, size: 8, type: "UInt64", comment: "the socket's cookie; of a SYN-ACK retransmission, the listener's" },
      { name: 'cgroup_id', offset: 24, size: 8, type: "UInt64", comment: "the socket's cgroup (v2 hierarchy); 0 unknown" },
      { name: 'netns', offset: 32, size: 8, type: "UInt64", comment: "the network namespace's cookie" },
      { name: 'local_addr', offset: 40, size: 16, type: "IPv6", comment: "" },
      { name: 'peer_addr', offset: 56, size: 16, type: "IPv6", comment: "" },
      { name: 'pid', offset: 72, size: 4, type: "UInt32", comment: "tgid of the owner; 0 unknown" },
      { name: 'local_port', offset: 76, size: 2, type: "UInt16", comment: "" },
      { name: 'peer_port', offset: 78, size: 2, type: "UInt16", comment: "" },
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'uid', offset: 104, size: 4, type: "UInt32", comment: "of the socket's maker, in the initial user namespace; 0xffffffff unknown" },
      { name: 'filters', offset: 108, size: 4, type: "UInt32", comment: "bit n: the filter in slot n wants this row" },
      { name: 'stack', offset: 112, size: 256, type: "FixedString(256)", comment: "in the ring the kernel's addresses, which agent/host/stack-names.ts replaces by the functions' names" },
      { name: 'user_stack', offset: 368, size: 256, type: "FixedString(256)", comment: "likewise of the process that the socket is of, where its own system call led there and this was asked for" },
      { name: 'about_reason', offset: 624, size: 32, type: "FixedString(32)", comment: "of a reset or a drop, as in its row; so are the members below. Of another event each is 0, which says nothing" },
      { name: 'about_reason_code', offset: 656, size: 4, type: "UInt32", comment: "" },
      { name: 'about', offset: 660, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3, 'reset' = 4, 'congestion' = 5, 'drop' = 6, 'listener' = 7, 'namespace' = 8, 'progress' = 9, 'packet' = 10, 'stack' = 11)", comment: "of the other row; packet: a zero window that was sent, of which there is one only where packets are asked for" },
      { name: 'about_class', offset: 661, size: 1, type: "Enum8('unknown' = 0, 'fast' = 1, 'slow_start' = 2, 'rto' = 3, 'tlp' = 4, 'syn' = 5, 'syn_ack' = 6)", comment: "of a retransmission" },
      { name: 'about_outcome', offset: 662, size: 1, type: "Enum8('sent' = 0, 'failed' = 1, 'refused' = 2)", comment: "" },
      { name: 'about_meaning', offset: 663, size: 1, type: "Enum8('lost' = 0, 'answered' = 1, 'duplicate' = 2, 'refused' = 3)", comment: "of a drop" },
      { name: 'about_direction', offset: 664, size: 1, type: "Enum8('unknown' = 0, 'sent' = 1, 'received' = 2)", comment: "of a reset, a drop or a packet" },
      { name: 'pad', offset: 665, size: 7, type: "FixedString(7)", comment: "" },
    ],
  },
} as const satisfies { [Name in keyof Rows]: KindLayout<Rows[Name]> };

/** The kernel's counters of one kind, as the loader hands them out: UInt64 each. */
export const COUNTERS = ['written', 'ring_lost', 'no_storage', 'withheld', 'filtered', 'missed'] as const;
export type KindCounters = Record<(typeof COUNTERS)[number], number>;

export const FILTER_SLOTS = 8;
export const FILTER_STEPS_MAX = 64;
export const FILTER_ACCEPT = 254;
export const FILTER_REJECT = 255;
export const FILTER_SCOPE = 0;
export const FILTER_BYTES = 2624;
export const FILTER_STEP_BYTES = 40;

/** Where the members of filter.h's structs lie, those of nested ones among them. */
export const FILTER_AT = {
  id: 0,
  end_ns: 8,
  steps: 16,
  interval_ns: 2576,
  burst: 2580,
  full_ns: 2584,
  evaluated: 2592,
  matched: 2600,
  passed: 2608,
  over_budget: 2616,
} as const;

export const FILTER_STEP_AT = {
  from_high: 0,
  from_low: 8,
  to_high: 16,
  to_low: 24,
  kinds: 32,
  word: 34,
  left: 35,
  right: 36,
  yes: 37,
  no: 38,
} as const;

/** The facts of a row, as the steps of a filter find them. */
export const FILTER_WORDS = {
  class: { offset: 0, size: 1 },
  outcome: { offset: 1, size: 1 },
  event: { offset: 2, size: 1 },
  end_reason: { offset: 3, size: 1 },
  direction: { offset: 4, size: 1 },
  old_state: { offset: 5, size: 1 },
  new_state: { offset: 6, size: 1 },
  ca_state: { offset: 7, size: 1 },
  old_ca_state: { offset: 8, size: 1 },
  new_ca_state: { offset: 9, size: 1 },
  meaning: { offset: 10, size: 1 },
  reason_code: { offset: 12, size: 4 },
  kind: { offset: 16, size: 1 },
  role: { offset: 17, size: 1 },
  state: { offset: 18, size: 1 },
  local_port: { offset: 20, size: 2 },
  peer_port: { offset: 22, size: 2 },
  pid: { offset: 24, size: 4 },
  uid: { offset: 28, size: 4 },
  srtt_us: { offset: 32, size: 4 },
  cgroup_id: { offset: 40, size: 8 },
  netns: { offset: 48, size: 8 },
  local_addr_high: { offset: 56, size: 8 },
  local_addr_low: { offset: 64, size: 8 },
  peer_addr_high: { offset: 72, size: 8 },
  peer_addr_low: { offset: 80, size: 8 },
  comm_high: { offset: 88, size: 8 },
  comm_low: { offset: 96, size: 8 },
} as const;

/** What became of the rows that a filter was asked about: UInt64 each. */
export const FILTER_COUNTERS = ['evaluated', 'matched', 'passed', 'over_budget'] as const;
export type FilterCounters = Record<(typeof FILTER_COUNTERS)[number], number>;

export const TALLY_PLANS_MAX = 16;
export const TALLY_PARTS_MAX = 10;
export const TALLY_VALUES_MAX = 10;
export const TALLY_HISTOGRAMS_MAX = 2;
export const TALLY_BOUNDS_MAX = 512;
export const TALLY_TERMS = 2;
export const TALLY_TERM_BYTES = 32;
export const TALLY_PLAIN_BYTES = 8;
export const TALLY_TERMS_LIMIT = 60000;
export const TALLY_GROUPS_LIMIT = 100000;
export const TALLY_IPV4 = 0;
export const TALLY_NONE = 255;

/** Where the members of tally_program.h's structs lie, those of nested ones among them. */
export const TALLY_PROGRAM_BYTES = 7264;
export const TALLY_PROGRAM_AT = {
  plans: 0,
  bounds: 4,
  groups_max: 8,
  terms_max: 16,
  terms_kept: 24,
  bound: 32,
  plan: 4128,
} as const;
export const TALLY_PLAN_BYTES = 196;
export const TALLY_PLAN_AT = {
  kind: 0,
  if_is: 1,
  is: 2,
  parts: 3,
  values: 4,
  histograms: 5,
  when: 6,
  part: 8,
  value: 128,
  histogram: 188,
} as const;
export const TALLY_PART_BYTES = 12;
export const TALLY_PART_AT = {
  below: 0,
  from: 4,
  when: 6,
  if_is: 8,
  is: 9,
  size: 10,
  to: 11,
} as const;
export const TALLY_VALUE_BYTES = 6;
export const TALLY_VALUE_AT = {
  from: 0,
  size: 2,
  most: 3,
  less: 4,
} as const;
export const TALLY_HISTOGRAM_BYTES = 4;
export const TALLY_HISTOGRAM_AT = {
  from: 0,
  size: 2,
} as const;
export const TALLY_GROUP_BYTES = 232;
export const TALLY_GROUP_AT = {
  size: 0,
  plan: 4,
  cut: 5,
  overflow: 6,
  term: 8,
  plain: 72,
  rows: 80,
  values: 88,
  histograms: 168,
} as const;
export const TALLY_HISTOGRAM_SUMS_BYTES = 32;
export const TALLY_HISTOGRAM_SUMS_AT = {
  sum: 0,
  min: 8,
  max: 16,
  buckets: 24,
} as const;
