// Generated from rows.h's BTF by gen-rows.ts. Do not edit.
// SPDX-License-Identifier: Apache-2.0
import { readAddress, readText } from './read-text.ts';

export { readAddress, readText };

export const KIND = ['retransmit', 'connection', 'state_change', 'sample'] as const;
export type Kind = (typeof KIND)[number];

export const ROLE = ['unknown', 'client', 'server'] as const;
export type Role = (typeof ROLE)[number];

export const STATE = ['unknown', 'established', 'syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'time_wait', 'close', 'close_wait', 'last_ack', 'listen', 'closing', 'new_syn_recv'] as const;
export type State = (typeof STATE)[number];

export const OWNER = ['unknown', 'connect', 'listener', 'file_table'] as const;
export type Owner = (typeof OWNER)[number];

export const CLASS = ['unknown', 'fast', 'slow_start', 'rto', 'tlp', 'syn', 'syn_ack'] as const;
export type Class = (typeof CLASS)[number];

export const OUTCOME = ['sent', 'failed', 'refused'] as const;
export type Outcome = (typeof OUTCOME)[number];

export const CA_STATE = ['open', 'disorder', 'cwr', 'recovery', 'loss'] as const;
export type CaState = (typeof CA_STATE)[number];

export const EVENT = ['open', 'close', 'failed'] as const;
export type Event = (typeof EVENT)[number];

export const END_REASON = ['none', 'fin_local', 'fin_peer', 'rst_sent', 'rst_received', 'timeout', 'refused', 'unreachable', 'abort', 'unknown'] as const;
export type EndReason = (typeof END_REASON)[number];

/** A column as ClickHouse reads it from a row; `pad` columns are skipped on the way in. */
export type Column = { name: string; offset: number; size: number; type: string; comment: string };

export type KindLayout<Row> = {
  index: number;
  /** Bytes a row. */
  size: number;
  /** Names kind and layout: a batch with another id cannot be stored. */
  schema: string;
  read: (view: DataView, at: number) => Row;
  columns: readonly Column[];
};

export type Rows = { retransmit: RetransmitRow; connection: ConnectionRow; state_change: StateChangeRow; sample: SampleRow };

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
  /** DSACKs received since the connection's last row of this kind */
  dsack_dups: number;
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
  segments: 104,
  bytes: 108,
  seq: 112,
  end_seq: 116,
  rto_us: 120,
  snd_cwnd: 124,
  snd_ssthresh: 128,
  packets_out: 132,
  total_retrans: 136,
  dsack_dups: 140,
  err: 144,
  class: 146,
  outcome: 147,
  ca_state: 148,
  backoff: 149,
  retransmits: 150,
  head_of_queue: 151,
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
    comm: readText(view, at + 84),
    srtt_us: view.getUint32(at + 100, true),
    segments: view.getUint32(at + 104, true),
    bytes: view.getUint32(at + 108, true),
    seq: view.getUint32(at + 112, true),
    end_seq: view.getUint32(at + 116, true),
    rto_us: view.getUint32(at + 120, true),
    snd_cwnd: view.getUint32(at + 124, true),
    snd_ssthresh: view.getUint32(at + 128, true),
    packets_out: view.getUint32(at + 132, true),
    total_retrans: view.getUint32(at + 136, true),
    dsack_dups: view.getUint32(at + 140, true),
    err: view.getInt16(at + 144, true),
    class: CLASS[view.getUint8(at + 146)] ?? 'unknown',
    outcome: OUTCOME[view.getUint8(at + 147)] ?? 'sent',
    ca_state: CA_STATE[view.getUint8(at + 148)] ?? 'open',
    backoff: view.getUint8(at + 149),
    retransmits: view.getUint8(at + 150),
    head_of_queue: view.getUint8(at + 151) !== 0,
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
  /** from first sight to this row */
  duration_us: number;
  /** payload handed to the network, retransmissions included */
  bytes_sent: number;
  /** as the kernel counts: a FIN, and on the client the SYN, count one each */
  bytes_acked: number;
  /** payload */
  bytes_received: number;
  bytes_retrans: number;
  /** time with data to send, in it limited by the peer's window or by the send buffer */
  busy_us: number;
  rwnd_limited_us: number;
  sndbuf_limited_us: number;
  /** `_rest`: what no sample row has reported, so that samples and closes add up */
  bytes_sent_rest: number;
  bytes_received_rest: number;
  busy_us_rest: number;
  rwnd_limited_us_rest: number;
  sndbuf_limited_us_rest: number;
  interval_us_rest: number;
  data_segs_out_rest: number;
  /** client: SYN to ESTABLISHED; server: SYN-ACK to its ACK; 0 unknown */
  connect_us: number;
  segs_out: number;
  segs_in: number;
  data_segs_out: number;
  data_segs_in: number;
  /** the socket's own counter: the ledger */
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
  rttvar_us: number;
  /** windowed minimum; 0 unknown */
  rtt_min_us: number;
  /** DSACKs received */
  dsack_dups: number;
  snd_cwnd: number;
  /** initial sequence numbers; 0 unknown */
  snd_isn: number;
  rcv_isn: number;
  /** errno of the socket, positive; 0 none */
  sk_err: number;
  event: Event;
  end_reason: EndReason;
  /** 1: it was open before the agent started; birth figures are unknown */
  preexisting: boolean;
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
  duration_us: 104,
  bytes_sent: 112,
  bytes_acked: 120,
  bytes_received: 128,
  bytes_retrans: 136,
  busy_us: 144,
  rwnd_limited_us: 152,
  sndbuf_limited_us: 160,
  bytes_sent_rest: 168,
  bytes_received_rest: 176,
  busy_us_rest: 184,
  rwnd_limited_us_rest: 192,
  sndbuf_limited_us_rest: 200,
  interval_us_rest: 208,
  data_segs_out_rest: 216,
  connect_us: 220,
  segs_out: 224,
  segs_in: 228,
  data_segs_out: 232,
  data_segs_in: 236,
  total_retrans: 240,
  unattributed: 244,
  retrans_fast: 248,
  retrans_slow_start: 252,
  retrans_rto: 256,
  retrans_tlp: 260,
  retrans_syn: 264,
  retrans_syn_ack: 268,
  rttvar_us: 272,
  rtt_min_us: 276,
  dsack_dups: 280,
  snd_cwnd: 284,
  snd_isn: 288,
  rcv_isn: 292,
  sk_err: 296,
  event: 298,
  end_reason: 299,
  preexisting: 300,
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
    comm: readText(view, at + 84),
    srtt_us: view.getUint32(at + 100, true),
    duration_us: Number(view.getBigUint64(at + 104, true)),
    bytes_sent: Number(view.getBigUint64(at + 112, true)),
    bytes_acked: Number(view.getBigUint64(at + 120, true)),
    bytes_received: Number(view.getBigUint64(at + 128, true)),
    bytes_retrans: Number(view.getBigUint64(at + 136, true)),
    busy_us: Number(view.getBigUint64(at + 144, true)),
    rwnd_limited_us: Number(view.getBigUint64(at + 152, true)),
    sndbuf_limited_us: Number(view.getBigUint64(at + 160, true)),
    bytes_sent_rest: Number(view.getBigUint64(at + 168, true)),
    bytes_received_rest: Number(view.getBigUint64(at + 176, true)),
    busy_us_rest: Number(view.getBigUint64(at + 184, true)),
    rwnd_limited_us_rest: Number(view.getBigUint64(at + 192, true)),
    sndbuf_limited_us_rest: Number(view.getBigUint64(at + 200, true)),
    interval_us_rest: Number(view.getBigUint64(at + 208, true)),
    data_segs_out_rest: view.getUint32(at + 216, true),
    connect_us: view.getUint32(at + 220, true),
    segs_out: view.getUint32(at + 224, true),
    segs_in: view.getUint32(at + 228, true),
    data_segs_out: view.getUint32(at + 232, true),
    data_segs_in: view.getUint32(at + 236, true),
    total_retrans: view.getUint32(at + 240, true),
    unattributed: view.getUint32(at + 244, true),
    retrans_fast: view.getUint32(at + 248, true),
    retrans_slow_start: view.getUint32(at + 252, true),
    retrans_rto: view.getUint32(at + 256, true),
    retrans_tlp: view.getUint32(at + 260, true),
    retrans_syn: view.getUint32(at + 264, true),
    retrans_syn_ack: view.getUint32(at + 268, true),
    rttvar_us: view.getUint32(at + 272, true),
    rtt_min_us: view.getUint32(at + 276, true),
    dsack_dups: view.getUint32(at + 280, true),
    snd_cwnd: view.getUint32(at + 284, true),
    snd_isn: view.getUint32(at + 288, true),
    rcv_isn: view.getUint32(at + 292, true),
    sk_err: view.getInt16(at + 296, true),
    event: EVENT[view.getUint8(at + 298)] ?? 'open',
    end_reason: END_REASON[view.getUint8(at + 299)] ?? 'none',
    preexisting: view.getUint8(at + 300) !== 0,
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
  duration_us: 104,
  old_state: 112,
  new_state: 113,
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
    comm: readText(view, at + 84),
    srtt_us: view.getUint32(at + 100, true),
    duration_us: Number(view.getBigUint64(at + 104, true)),
    old_state: STATE[view.getUint8(at + 112)] ?? 'unknown',
    new_state: STATE[view.getUint8(at + 113)] ?? 'unknown',
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
  bytes_sent: number;
  bytes_acked: number;
  /** payload */
  bytes_received: number;
  /** bytes per second, the kernel's latest estimate */
  delivery_rate: number;
  busy_us: number;
  rwnd_limited_us: number;
  sndbuf_limited_us: number;
  /** since the last sample; since first sight for the first */
  interval_us: number;
  segs_out: number;
  segs_in: number;
  data_segs_out: number;
  data_segs_in: number;
  /** segments (total_retrans) */
  retrans: number;
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
  ca_state: CaState;
  /** 1: delivery_rate is bounded by the application */
  app_limited: boolean;
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
  bytes_sent: 104,
  bytes_acked: 112,
  bytes_received: 120,
  delivery_rate: 128,
  busy_us: 136,
  rwnd_limited_us: 144,
  sndbuf_limited_us: 152,
  interval_us: 160,
  segs_out: 168,
  segs_in: 172,
  data_segs_out: 176,
  data_segs_in: 180,
  retrans: 184,
  dsack_dups: 188,
  unattributed: 192,
  rttvar_us: 196,
  rtt_min_us: 200,
  snd_cwnd: 204,
  snd_ssthresh: 208,
  snd_wnd: 212,
  rcv_wnd: 216,
  packets_out: 220,
  notsent: 224,
  unread: 228,
  reordering: 232,
  ca_state: 236,
  app_limited: 237,
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
    comm: readText(view, at + 84),
    srtt_us: view.getUint32(at + 100, true),
    bytes_sent: Number(view.getBigUint64(at + 104, true)),
    bytes_acked: Number(view.getBigUint64(at + 112, true)),
    bytes_received: Number(view.getBigUint64(at + 120, true)),
    delivery_rate: Number(view.getBigUint64(at + 128, true)),
    busy_us: Number(view.getBigUint64(at + 136, true)),
    rwnd_limited_us: Number(view.getBigUint64(at + 144, true)),
    sndbuf_limited_us: Number(view.getBigUint64(at + 152, true)),
    interval_us: Number(view.getBigUint64(at + 160, true)),
    segs_out: view.getUint32(at + 168, true),
    segs_in: view.getUint32(at + 172, true),
    data_segs_out: view.getUint32(at + 176, true),
    data_segs_in: view.getUint32(at + 180, true),
    retrans: view.getUint32(at + 184, true),
    dsack_dups: view.getUint32(at + 188, true),
    unattributed: view.getUint32(at + 192, true),
    rttvar_us: view.getUint32(at + 196, true),
    rtt_min_us: view.getUint32(at + 200, true),
    snd_cwnd: view.getUint32(at + 204, true),
    snd_ssthresh: view.getUint32(at + 208, true),
    snd_wnd: view.getUint32(at + 212, true),
    rcv_wnd: view.getUint32(at + 216, true),
    packets_out: view.getUint32(at + 220, true),
    notsent: view.getUint32(at + 224, true),
    unread: view.getUint32(at + 228, true),
    reordering: view.getUint32(at + 232, true),
    ca_state: CA_STATE[view.getUint8(at + 236)] ?? 'open',
    app_limited: view.getUint8(at + 237) !== 0,
  };
}

/** Every kind, by its table's name; `index` is the ring's and the head's `kind`. */
export const KINDS = {
  retransmit: {
    index: 0,
    size: 152,
    schema: 'retransmit/1faf497aa4c9',
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
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'segments', offset: 104, size: 4, type: "UInt32", comment: "" },
      { name: 'bytes', offset: 108, size: 4, type: "UInt32", comment: "" },
      { name: 'seq', offset: 112, size: 4, type: "UInt32", comment: "first and past-last sequence number, relative to the ISN" },
      { name: 'end_seq', offset: 116, size: 4, type: "UInt32", comment: "" },
      { name: 'rto_us', offset: 120, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_cwnd', offset: 124, size: 4, type: "UInt32", comment: "segments" },
      { name: 'snd_ssthresh', offset: 128, size: 4, type: "UInt32", comment: "segments; 0x7fffffff: not yet known" },
      { name: 'packets_out', offset: 132, size: 4, type: "UInt32", comment: "segments in flight" },
      { name: 'total_retrans', offset: 136, size: 4, type: "UInt32", comment: "the socket's own counter after this attempt, segments" },
      { name: 'dsack_dups', offset: 140, size: 4, type: "UInt32", comment: "DSACKs received since the connection's last row of this kind" },
      { name: 'err', offset: 144, size: 2, type: "Int16", comment: "of a failed or refused attempt, as the kernel says it: -errno, or positive a queue's verdict (1 dropped)" },
      { name: 'class', offset: 146, size: 1, type: "Enum8('unknown' = 0, 'fast' = 1, 'slow_start' = 2, 'rto' = 3, 'tlp' = 4, 'syn' = 5, 'syn_ack' = 6)", comment: "" },
      { name: 'outcome', offset: 147, size: 1, type: "Enum8('sent' = 0, 'failed' = 1, 'refused' = 2)", comment: "" },
      { name: 'ca_state', offset: 148, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'backoff', offset: 149, size: 1, type: "UInt8", comment: "" },
      { name: 'retransmits', offset: 150, size: 1, type: "UInt8", comment: "unrecovered RTO timeouts (icsk_retransmits)" },
      { name: 'head_of_queue', offset: 151, size: 1, type: "Bool", comment: "1: it starts at snd_una" },
    ],
  },
  connection: {
    index: 1,
    size: 304,
    schema: 'connection/8966d80157e6',
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
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'duration_us', offset: 104, size: 8, type: "UInt64", comment: "from first sight to this row" },
      { name: 'bytes_sent', offset: 112, size: 8, type: "UInt64", comment: "payload handed to the network, retransmissions included" },
      { name: 'bytes_acked', offset: 120, size: 8, type: "UInt64", comment: "as the kernel counts: a FIN, and on the client the SYN, count one each" },
      { name: 'bytes_received', offset: 128, size: 8, type: "UInt64", comment: "payload" },
      { name: 'bytes_retrans', offset: 136, size: 8, type: "UInt64", comment: "" },
      { name: 'busy_us', offset: 144, size: 8, type: "UInt64", comment: "time with data to send, in it limited by the peer's window or by the send buffer" },
      { name: 'rwnd_limited_us', offset: 152, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us', offset: 160, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_sent_rest', offset: 168, size: 8, type: "UInt64", comment: "`_rest`: what no sample row has reported, so that samples and closes add up" },
      { name: 'bytes_received_rest', offset: 176, size: 8, type: "UInt64", comment: "" },
      { name: 'busy_us_rest', offset: 184, size: 8, type: "UInt64", comment: "" },
      { name: 'rwnd_limited_us_rest', offset: 192, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us_rest', offset: 200, size: 8, type: "UInt64", comment: "" },
      { name: 'interval_us_rest', offset: 208, size: 8, type: "UInt64", comment: "" },
      { name: 'data_segs_out_rest', offset: 216, size: 4, type: "UInt32", comment: "" },
      { name: 'connect_us', offset: 220, size: 4, type: "UInt32", comment: "client: SYN to ESTABLISHED; server: SYN-ACK to its ACK; 0 unknown" },
      { name: 'segs_out', offset: 224, size: 4, type: "UInt32", comment: "" },
      { name: 'segs_in', offset: 228, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_out', offset: 232, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_in', offset: 236, size: 4, type: "UInt32", comment: "" },
      { name: 'total_retrans', offset: 240, size: 4, type: "UInt32", comment: "the socket's own counter: the ledger" },
      { name: 'unattributed', offset: 244, size: 4, type: "UInt32", comment: "total_retrans that no retransmit row accounts for" },
      { name: 'retrans_fast', offset: 248, size: 4, type: "UInt32", comment: "segments of this connection's retransmit rows, sent and failed, by class" },
      { name: 'retrans_slow_start', offset: 252, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_rto', offset: 256, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_tlp', offset: 260, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_syn', offset: 264, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans_syn_ack', offset: 268, size: 4, type: "UInt32", comment: "" },
      { name: 'rttvar_us', offset: 272, size: 4, type: "UInt32", comment: "" },
      { name: 'rtt_min_us', offset: 276, size: 4, type: "UInt32", comment: "windowed minimum; 0 unknown" },
      { name: 'dsack_dups', offset: 280, size: 4, type: "UInt32", comment: "DSACKs received" },
      { name: 'snd_cwnd', offset: 284, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_isn', offset: 288, size: 4, type: "UInt32", comment: "initial sequence numbers; 0 unknown" },
      { name: 'rcv_isn', offset: 292, size: 4, type: "UInt32", comment: "" },
      { name: 'sk_err', offset: 296, size: 2, type: "Int16", comment: "errno of the socket, positive; 0 none" },
      { name: 'event', offset: 298, size: 1, type: "Enum8('open' = 0, 'close' = 1, 'failed' = 2)", comment: "" },
      { name: 'end_reason', offset: 299, size: 1, type: "Enum8('none' = 0, 'fin_local' = 1, 'fin_peer' = 2, 'rst_sent' = 3, 'rst_received' = 4, 'timeout' = 5, 'refused' = 6, 'unreachable' = 7, 'abort' = 8, 'unknown' = 9)", comment: "" },
      { name: 'preexisting', offset: 300, size: 1, type: "Bool", comment: "1: it was open before the agent started; birth figures are unknown" },
      { name: 'pad', offset: 301, size: 3, type: "FixedString(3)", comment: "" },
    ],
  },
  state_change: {
    index: 2,
    size: 120,
    schema: 'state_change/d10ca73fd0e3',
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
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'duration_us', offset: 104, size: 8, type: "UInt64", comment: "in old_state; 0 unknown" },
      { name: 'old_state', offset: 112, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'new_state', offset: 113, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'pad', offset: 114, size: 6, type: "FixedString(6)", comment: "" },
    ],
  },
  sample: {
    index: 3,
    size: 240,
    schema: 'sample/1867ac1d6d77',
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
      { name: 'kind', offset: 80, size: 1, type: "Enum8('retransmit' = 0, 'connection' = 1, 'state_change' = 2, 'sample' = 3)", comment: "" },
      { name: 'role', offset: 81, size: 1, type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", comment: "" },
      { name: 'state', offset: 82, size: 1, type: "Enum8('unknown' = 0, 'established' = 1, 'syn_sent' = 2, 'syn_recv' = 3, 'fin_wait1' = 4, 'fin_wait2' = 5, 'time_wait' = 6, 'close' = 7, 'close_wait' = 8, 'last_ack' = 9, 'listen' = 10, 'closing' = 11, 'new_syn_recv' = 12)", comment: "" },
      { name: 'owner', offset: 83, size: 1, type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3)", comment: "" },
      { name: 'comm', offset: 84, size: 16, type: "FixedString(16)", comment: "of the owner, zero-filled" },
      { name: 'srtt_us', offset: 100, size: 4, type: "UInt32", comment: "smoothed RTT; 0 before the first sample" },
      { name: 'bytes_sent', offset: 104, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_acked', offset: 112, size: 8, type: "UInt64", comment: "" },
      { name: 'bytes_received', offset: 120, size: 8, type: "UInt64", comment: "payload" },
      { name: 'delivery_rate', offset: 128, size: 8, type: "UInt64", comment: "bytes per second, the kernel's latest estimate" },
      { name: 'busy_us', offset: 136, size: 8, type: "UInt64", comment: "" },
      { name: 'rwnd_limited_us', offset: 144, size: 8, type: "UInt64", comment: "" },
      { name: 'sndbuf_limited_us', offset: 152, size: 8, type: "UInt64", comment: "" },
      { name: 'interval_us', offset: 160, size: 8, type: "UInt64", comment: "since the last sample; since first sight for the first" },
      { name: 'segs_out', offset: 168, size: 4, type: "UInt32", comment: "" },
      { name: 'segs_in', offset: 172, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_out', offset: 176, size: 4, type: "UInt32", comment: "" },
      { name: 'data_segs_in', offset: 180, size: 4, type: "UInt32", comment: "" },
      { name: 'retrans', offset: 184, size: 4, type: "UInt32", comment: "segments (total_retrans)" },
      { name: 'dsack_dups', offset: 188, size: 4, type: "UInt32", comment: "" },
      { name: 'unattributed', offset: 192, size: 4, type: "UInt32", comment: "over the connection's life so far, not a delta" },
      { name: 'rttvar_us', offset: 196, size: 4, type: "UInt32", comment: "" },
      { name: 'rtt_min_us', offset: 200, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_cwnd', offset: 204, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_ssthresh', offset: 208, size: 4, type: "UInt32", comment: "" },
      { name: 'snd_wnd', offset: 212, size: 4, type: "UInt32", comment: "bytes" },
      { name: 'rcv_wnd', offset: 216, size: 4, type: "UInt32", comment: "" },
      { name: 'packets_out', offset: 220, size: 4, type: "UInt32", comment: "" },
      { name: 'notsent', offset: 224, size: 4, type: "UInt32", comment: "bytes written and not yet sent" },
      { name: 'unread', offset: 228, size: 4, type: "UInt32", comment: "bytes received and not yet read" },
      { name: 'reordering', offset: 232, size: 4, type: "UInt32", comment: "" },
      { name: 'ca_state', offset: 236, size: 1, type: "Enum8('open' = 0, 'disorder' = 1, 'cwr' = 2, 'recovery' = 3, 'loss' = 4)", comment: "" },
      { name: 'app_limited', offset: 237, size: 1, type: "Bool", comment: "1: delivery_rate is bounded by the application" },
      { name: 'pad', offset: 238, size: 2, type: "FixedString(2)", comment: "" },
    ],
  },
} as const satisfies { [Name in keyof Rows]: KindLayout<Rows[Name]> };

/** The kernel's counters of one kind, as the loader hands them out: UInt64 each. */
export const COUNTERS = ['written', 'ring_lost', 'no_storage'] as const;
export type KindCounters = Record<(typeof COUNTERS)[number], number>;
