// Rows of two hosts in one minute, small enough to work out every figure on paper.
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import type { Fixture } from './backends.ts';
import { report, toldOf } from './report.ts';

/** A whole minute, so that steps and minutes of the rollup begin where the rows below expect it. */
export const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000;
export const ago = (seconds: number) => BigInt(NOW_MS - seconds * 1000) * 1_000_000n;
const S = 1_000_000;

export const ALPHA = 0xffff_ffff_ffff_fff1n;
const BETA = 2n;
const CLIENT = {
  host_id: ALPHA,
  connection_id: 1,
  comm: 'curl',
  role: 1,
  owner: 1,
  pid: 42,
  cgroup_id: 3,
  netns: 9,
  local_addr: '10.0.0.1',
  local_port: 40_000,
  peer_addr: '203.0.113.9',
  peer_port: 443,
  state: 1,
};
const REFUSED = { ...CLIENT, connection_id: 2, local_port: 40_001, peer_port: 444, state: 2 };
const SERVER = {
  ...CLIENT,
  host_id: BETA,
  connection_id: 1,
  comm: 'nginx',
  role: 2,
  owner: 2,
  pid: 43,
  cgroup_id: 4,
  local_addr: '10.0.0.2',
  local_port: 80,
  peer_addr: '20010db8000000000000000000000001',
  peer_port: 5555,
};

export const fast: RowValues = {
  ...CLIENT,
  time_ns: ago(48),
  class: 1,
  outcome: 0,
  segments: 3,
  bytes: 4344,
  seq: 100,
  rto_us: 204_000,
  snd_cwnd: 10,
  srtt_us: 1000,
  ca_state: 3,
};

const CONNECTIONS = [
  rowBytes('connection', { ...CLIENT, time_ns: ago(60), event: 0, connect_us: 700 }),
  rowBytes('connection', {
    ...CLIENT,
    time_ns: ago(35),
    event: 1,
    end_reason: 4,
    sk_err: 104,
    srtt_us: 2000,
    rtt_min_us: 900,
    bytes_sent: 61_000,
    bytes_received: 1500,
    total_retrans: 4,
    unattributed: 1,
    bytes_sent_rest: 1000,
    bytes_received_rest: 500,
    data_segs_out_rest: 10,
    retrans_data: 4,
    retrans_spurious_rest: 1,
    turn_max_us: 90_000,
    stall_max_us: 250_000,
    interval_us_rest: 5 * S,
    busy_us_rest: 1 * S,
    state: 7,
    retrans_spurious: 3,
    undos: 1,
    congestion_control: 'cubic',
    first_send_us: 800,
    first_receive_us: 9000,
    turns: 4,
    turn_us: 40_000,
    srtt_max_us: 5000,
    idle_restarts: 2,
    idle_restart_us: 300_000,
    unread: 77,
    unacked: 88,
    syn_sent_us: 700,
    established_us: 25 * S,
  }),
  rowBytes('connection', { ...REFUSED, time_ns: ago(30), event: 2, end_reason: 6, sk_err: 111, state: 7, retrans_syn: 1 }),
  rowBytes('connection', { ...SERVER, time_ns: ago(20), event: 0, srtt_us: 5, retrans_syn_ack: 2 }),
  rowBytes('connection', { ...SERVER, connection_id: 4, time_ns: ago(20), event: 0, preexisting: 1 }),
];

const SAMPLES = [
  rowBytes('sample', {
    ...CLIENT,
    time_ns: ago(50),
    srtt_us: 1000,
    data_segs_out: 40,
    bytes_sent: 50_000,
    bytes_received: 1000,
    interval_us: 10 * S,
    busy_us: 4 * S,
    rwnd_limited_us: S,
    sndbuf_limited_us: S,
    retrans: 3,
    retrans_data: 3,
    turn_max_us: 30_000,
    stall_max_us: 250_000,
    snd_cwnd: 10,
    snd_ssthresh: 0x7fff_ffff,
    packets_out: 3,
    delivery_rate: 12_500,
    snd_wnd: 65_535,
    rcv_wnd: 29_200,
    notsent: 5,
    unread: 6,
  }),
  rowBytes('sample', {
    ...CLIENT,
    time_ns: ago(40),
    srtt_us: 3000,
    data_segs_out: 10,
    bytes_sent: 10_000,
    interval_us: 10 * S,
    retrans: 1,
    retrans_data: 1,
    retrans_spurious: 2,
    snd_cwnd: 7,
    snd_ssthresh: 5,
  }),
];

/** A port that nobody listens on, and the same server with a reset of its own. */
const NOBODY = {
  ...SERVER,
  comm: '',
  role: 0,
  owner: 0,
  pid: 0,
  cgroup_id: 0,
  connection_id: 0,
  local_port: 81,
  peer_port: 40_000,
  state: 0,
};
const RESETS = [
  rowBytes('reset', { ...CLIENT, time_ns: ago(35), direction: 2, has_socket: 1, idle_us: 30 * S, unread: 77, packets_out: 3 }),
  rowBytes('reset', { ...CLIENT, connection_id: 9, time_ns: ago(34), direction: 2, has_socket: 1, idle_us: 10 * S }),
  rowBytes('reset', { ...NOBODY, time_ns: ago(33), direction: 1, reason: 'no_socket', seq: 5 }),
];

const drop: RowValues = {
  ...CLIENT,
  time_ns: ago(45),
  direction: 2,
  has_socket: 1,
  reason: 'netfilter_drop',
  location: 'nft_do_chain',
  length: 100,
};
const DROPS = [
  rowBytes('drop', { ...drop, tcp_flags: 16, seq: 4711 }),
  rowBytes('drop', { ...drop, time_ns: ago(44), length: 20 }),
  // 32 letters: as long as a name can be
  rowBytes('drop', { ...NOBODY, time_ns: ago(43), direction: 1, reason: 'A_REASON_THAT_FILLS_ALL_ITS_ROOM', length: 0 }),
];

const CONGESTION = [
  rowBytes('congestion', {
    ...CLIENT,
    time_ns: ago(48),
    old_ca_state: 0,
    new_ca_state: 3,
    duration_us: 12 * S,
    snd_cwnd: 10,
    snd_ssthresh: 0x7fff_ffff,
    retrans: 3,
    retrans_spurious: 2,
    evidence: 1,
  }),
];

/** nginx listens with two sockets on one port; of a third, another's, only one row is known. */
const LISTENING = { ...SERVER, state: 10, role: 0, peer_addr: '00000000000000000000000000000000', peer_port: 0, connection_id: 50 };
const LISTENERS = [
  rowBytes('listener', {
    ...LISTENING,
    time_ns: ago(30),
    accept_queue: 128,
    accept_queue_limit: 128,
    syn_backlog: 9,
    overflows: 2,
    drops: 5,
    accepted: 200,
  }),
  rowBytes('listener', {
    ...LISTENING,
    time_ns: ago(20),
    accept_queue: 3,
    accept_queue_limit: 128,
    syn_backlog: 1,
    overflows: 1,
    drops: 2,
    accepted: 100,
  }),
  rowBytes('listener', { ...LISTENING, connection_id: 51, time_ns: ago(20), accept_queue: 4, accept_queue_limit: 128, accepted: 50 }),
  // closed and opened anew: the first of them is gone
  rowBytes('listener', { ...LISTENING, connection_id: 52, time_ns: ago(200), accept_queue: 70, accept_queue_limit: 128, accepted: 7 }),
  rowBytes('listener', {
    ...LISTENING,
    comm: 'sshd',
    connection_id: 53,
    local_port: 22,
    local_addr: '00000000000000000000000000000000',
    time_ns: ago(20),
    accept_queue_limit: 10,
  }),
];

const NAMESPACES = [
  rowBytes('namespace', {
    host_id: BETA,
    netns: 9,
    time_ns: ago(30),
    listen_overflows: 4,
    retrans_segs: 20,
    unattributed: 3,
    to_zero_window: 1,
  }),
  rowBytes('namespace', { host_id: BETA, netns: 9, time_ns: ago(20), listen_overflows: 1, retrans_segs: 10, time_wait: 5 }),
];

/** One connection with everything, one refused, one accepted, one older than its agent; and what both hosts report. */
export async function fill(fixture: Fixture): Promise<void> {
  await fillRows(fixture);
  await fillReports(fixture);
}

async function fillRows({ put }: Fixture): Promise<void> {
  await put('connection', CONNECTIONS);
  await put('sample', SAMPLES);
  await put('retransmit', [
    rowBytes('retransmit', fast),
    rowBytes('retransmit', { ...CLIENT, time_ns: ago(47), class: 3, outcome: 1, err: -105, segments: 1 }),
    rowBytes('retransmit', { ...CLIENT, time_ns: ago(46), class: 4, outcome: 2, err: -16, segments: 5 }),
    rowBytes('retransmit', { ...REFUSED, time_ns: ago(31), class: 5, outcome: 0, segments: 1 }),
  ]);
  await put('state_change', [
    rowBytes('state_change', { ...CLIENT, time_ns: ago(60), old_state: 2, new_state: 1, duration_us: 700 }),
    rowBytes('state_change', { ...CLIENT, time_ns: ago(35), old_state: 1, new_state: 7, duration_us: 25 * S }),
  ]);
  await put('reset', RESETS);
  await put('drop', DROPS);
  await put('congestion', CONGESTION);
  await put('listener', LISTENERS);
  await put('namespace', NAMESPACES);
}

async function fillReports({ store }: Fixture): Promise<void> {
  const alpha = report({
    host_id: ALPHA.toString(16),
    at_ms: NOW_MS - 50_000,
    cgroups: [{ cgroup_id: '3', path: '/docker/0123', container_id: '0123456789abcdef', unit: 'docker.service' }],
  });
  const beta = {
    ...report({
      host_id: '0000000000000002',
      at_ms: NOW_MS,
      cgroups: [{ cgroup_id: '4', path: '/', container_id: '', unit: 'nginx.service' }],
    }),
    processes: [],
  };
  await store.insertReports([
    alpha,
    { ...beta, host: { ...beta.host, name: 'beta' }, accounting: toldOf('sample', { seen: 12, sent: 10, withheld: 2 }, NOW_MS - 60_000) },
  ]);
}
