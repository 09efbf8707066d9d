// Rows of a small story: one connection with rows of all kinds, a failed connect, a process with a hostile name, and many edges.
import { CA_STATE, CLASS, DIRECTION, END_REASON, EVENT, EVIDENCE, OUTCOME, OWNER, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import type { RowValues } from '../support/row-bytes.ts';
import type { TestAgent } from './collector-process.ts';

export const HOSTILE = '<img src=x>';
/** The connection with rows of all kinds. */
export const STORY_ID = 101n;
const EDGES = 24;

const ns = (ms: number) => BigInt(Math.round(ms)) * 1_000_000n;

const NGINX: RowValues = {
  connection_id: STORY_ID,
  netns: 1,
  local_addr: '10.1.0.1',
  local_port: 443,
  peer_addr: '10.1.0.2',
  peer_port: 50_000,
  pid: 4242,
  role: ROLE.indexOf('server'),
  owner: OWNER.indexOf('listener'),
  state: STATE.indexOf('established'),
  comm: 'nginx',
  srtt_us: 12_000,
};
const HOSTILE_ENDS: RowValues = {
  ...NGINX,
  connection_id: 102n,
  comm: HOSTILE,
  role: ROLE.indexOf('client'),
  local_port: 40_000,
  peer_addr: '20010db8000000000000000000000005',
  peer_port: 5432,
};

/** A retransmission of that connection; with `change` of another one. */
export const retransmit = (at_ms: number, change: RowValues = {}): RowValues => ({
  ...NGINX,
  time_ns: ns(at_ms),
  segments: 2,
  bytes: 2896,
  rto_us: 204_000,
  snd_cwnd: 10,
  class: CLASS.indexOf('fast'),
  outcome: OUTCOME.indexOf('sent'),
  ...change,
});

/** Sends the whole story, as if it had just happened at `now_ms`. */
export async function tellStory(agent: TestAgent, now_ms: number): Promise<void> {
  const began_ms = now_ms - 60_000;
  await agent.rows('connection', [
    opened(NGINX, began_ms),
    closed(NGINX, now_ms - 5000),
    failed(began_ms),
    ...edges(now_ms),
    opened(HOSTILE_ENDS, began_ms),
  ]);
  await agent.rows('state_change', [
    { ...NGINX, time_ns: ns(began_ms), duration_us: 3000, old_state: STATE.indexOf('syn_recv'), new_state: STATE.indexOf('established') },
    {
      ...NGINX,
      time_ns: ns(now_ms - 5000),
      duration_us: 55_000_000,
      old_state: STATE.indexOf('established'),
      new_state: STATE.indexOf('close'),
    },
  ]);
  await agent.rows('sample', [...samples(began_ms), ...edges(now_ms).map(sampled)]);
  await agent.rows(
    'retransmit',
    [...CLASS.keys()].map((index) => retransmit(now_ms - 30_000 + index, { class: index, seq: index * 1448 })),
  );
  await tellCauses(agent, now_ms);
  await agent.rows('retransmit', [retransmit(now_ms - 20_000, { ...HOSTILE_ENDS, class: CLASS.indexOf('rto'), backoff: 2 })]);
}

/** Sends listeners, one of which overflowed; resets with and without a socket; packets that the host's firewall dropped. */
async function tellCauses(agent: TestAgent, now_ms: number): Promise<void> {
  await agent.rows('reset', [
    {
      ...NGINX,
      time_ns: ns(now_ms - 5000),
      direction: DIRECTION.indexOf('received'),
      has_socket: 1,
      idle_us: 31_000_000,
      unread: 512,
      packets_out: 3,
    },
    ...[1, 2, 3].map((at) => ({
      ...NOBODY,
      time_ns: ns(now_ms - at * 1000),
      direction: DIRECTION.indexOf('sent'),
      reason: 'no_socket',
      peer_port: 50_000 + at,
    })),
  ]);
  await agent.rows('drop', [
    ...[1, 2].map((at) => ({
      ...NGINX,
      time_ns: ns(now_ms - 25_000 + at),
      direction: DIRECTION.indexOf('received'),
      has_socket: 1,
      reason: 'netfilter_drop',
      location: 'nft_do_chain',
      tcp_flags: 0x18,
      length: 1448,
    })),
    { ...NOBODY, time_ns: ns(now_ms - 9000), direction: DIRECTION.indexOf('received'), reason: HOSTILE, location: HOSTILE },
  ]);
  await agent.rows('congestion', [
    change(now_ms - 30_000, 'open', 'recovery', 30_000_000, 10),
    { ...change(now_ms - 29_000, 'recovery', 'open', 1_000_000, 7), retrans: 4, retrans_spurious: 2, evidence: EVIDENCE.indexOf('dsack') },
    change(now_ms - 28_000, 'open', 'loss', 1_000_000, 5),
  ]);
  await agent.rows('listener', [
    listening(now_ms - 20_000, 50n, { accept_queue: 129, accept_queue_limit: 128, overflows: 14, drops: 15, accepted: 900 }),
    listening(now_ms - 10_000, 50n, { accept_queue: 2, accept_queue_limit: 128, syn_backlog: 3, accepted: 400 }),
    listening(now_ms - 10_000, 51n, { comm: 'sshd', local_port: 22, accept_queue_limit: 128 }),
    listening(now_ms - 10_000, 52n, { comm: HOSTILE, local_port: 8080, accept_queue: 110, accept_queue_limit: 128, accepted: 3 }),
  ]);
  await agent.rows('namespace', [
    { netns: 1, time_ns: ns(now_ms - 20_000), listen_overflows: 14, retrans_segs: 16, unattributed: 2, interval_us: 10_000_000 },
    { netns: 1, time_ns: ns(now_ms - 10_000), interval_us: 10_000_000 },
  ]);
}

const NOBODY: RowValues = {
  ...NGINX,
  connection_id: 0,
  comm: '',
  pid: 0,
  role: ROLE.indexOf('unknown'),
  owner: OWNER.indexOf('unknown'),
  state: STATE.indexOf('unknown'),
  local_port: 9999,
};

const change = (
  at_ms: number,
  before: (typeof CA_STATE)[number],
  after: (typeof CA_STATE)[number],
  duration_us: number,
  snd_cwnd: number,
): RowValues => ({
  ...NGINX,
  time_ns: ns(at_ms),
  old_ca_state: CA_STATE.indexOf(before),
  new_ca_state: CA_STATE.indexOf(after),
  duration_us,
  snd_cwnd,
  snd_ssthresh: 7,
});

const listening = (at_ms: number, connection_id: bigint, values: RowValues): RowValues => ({
  ...NGINX,
  connection_id,
  time_ns: ns(at_ms),
  role: ROLE.indexOf('unknown'),
  state: STATE.indexOf('listen'),
  peer_addr: '00000000000000000000000000000000',
  peer_port: 0,
  interval_us: 10_000_000,
  srtt_us: 0,
  ...values,
});

const opened = (ends: RowValues, at_ms: number): RowValues => ({
  ...ends,
  time_ns: ns(at_ms),
  event: EVENT.indexOf('open'),
  connect_us: 3000,
});

const closed = (ends: RowValues, at_ms: number): RowValues => ({
  ...ends,
  time_ns: ns(at_ms),
  state: STATE.indexOf('close'),
  event: EVENT.indexOf('close'),
  end_reason: END_REASON.indexOf('rst_received'),
  sk_err: 104,
  duration_us: 55_000_000,
  bytes_sent: 5_000_000,
  bytes_received: 1000,
  total_retrans: 16,
  retrans_data: 8,
  data_segs_out: 3500,
  unattributed: 2,
  rtt_min_us: 800,
  srtt_max_us: 14_000,
  retrans_spurious: 2,
  congestion_control: 'cubic',
  connect_us: 3000,
  accept_us: 120_000,
  first_receive_us: 121_000,
  first_send_us: 430_000,
  turns: 20,
  turn_us: 6_200_000,
  unread: 512,
  syn_recv_us: 3000,
  established_us: 55_000_000,
});

const failed = (at_ms: number): RowValues => ({
  ...NGINX,
  connection_id: 103n,
  comm: 'curl',
  role: ROLE.indexOf('client'),
  local_port: 40_001,
  peer_addr: '10.1.0.3',
  peer_port: 8080,
  time_ns: ns(at_ms),
  event: EVENT.indexOf('failed'),
  end_reason: END_REASON.indexOf('refused'),
  sk_err: 111,
});

/** Another process opens a connection. */
export const openedEdge = (at_ms: number, comm: string): RowValues => ({ ...opened(NGINX, at_ms), connection_id: 5000n, comm });

function edges(now_ms: number): RowValues[] {
  return Array.from({ length: EDGES }, (_, at) => ({
    ...opened(NGINX, now_ms - 40_000 + at),
    connection_id: 1000n + BigInt(at),
    comm: `worker-${at}`,
    role: ROLE.indexOf('client'),
    local_port: 41_000 + at,
    peer_addr: `10.2.0.${at + 1}`,
    peer_port: 9000,
    srtt_us: 20_000 * (at + 1),
  }));
}

/** A sample of an edge, so that it has an RTT to sort by; the RTT grows from worker to worker. */
const sampled = ({ event: _event, connect_us: _connect, ...ends }: RowValues): RowValues => ({ ...ends, interval_us: 10_000_000 });

function samples(began_ms: number): RowValues[] {
  return [1, 2, 3, 4].map((at) => ({
    ...NGINX,
    time_ns: ns(began_ms + at * 10_000),
    srtt_us: 10_000 + at * 1000,
    interval_us: 10_000_000,
    busy_us: 8_000_000,
    rwnd_limited_us: 2_000_000,
    bytes_sent: 1_000_000,
    data_segs_out: 700,
    retrans: 2,
    retrans_data: 1,
    turn_max_us: 800_000,
    stall_max_us: 450_000,
    rtt_min_us: 800,
    snd_cwnd: 10 + at,
    snd_ssthresh: 0x7fff_ffff,
    packets_out: 5,
    delivery_rate: 100_000,
    snd_wnd: 65_535,
    rcv_wnd: 29_200,
    notsent: at * 4000,
    unread: at * 100,
    congestion_control: 'cubic',
  }));
}
