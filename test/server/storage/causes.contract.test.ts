// Listeners, resets, drops and one connection's story on rows made by hand, on every back end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drops, resets } from '../../../server/storage/queries/causes.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { listeners } from '../../../server/storage/queries/listeners.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ALPHA, ago, fill, NOW_MS } from './hand-made-rows.ts';

describe.each(BACKENDS)('causes and stories on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fill(fixture);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  check('listeners: what each refused, how full it was, and what waits now', async (store) => {
    const found = await listeners(store, {}, { limit: 9, history: false }, NOW_MS);
    expect(found).toEqual({
      total: 2,
      listeners: [
        {
          host_id: '2',
          host: 'beta',
          comm: 'nginx',
          container: 'nginx.service',
          netns: '9',
          pid: 43,
          local_addr: '10.0.0.2',
          port: 80,
          sockets: 2,
          accept_queue: 7,
          accept_queue_limit: 256,
          accept_queue_max: 128,
          full: 1,
          syn_backlog: 1,
          accepted: 357,
          overflows: 3,
          drops: 7,
          left_waiting: 0,
          syns_resent: null,
          gone_us: null,
          gone_from_ms: null,
          last_ms: NOW_MS - 20_000,
        },
        expect.objectContaining({ comm: 'sshd', local_addr: '::', port: 22, sockets: 1, full: 0, overflows: 0, drops: 0 }),
      ],
    });
    expect(
      await listeners(store, { filter: filterOf('process = sshd and service_port = 22') }, { limit: 9, history: false }, NOW_MS),
    ).toMatchObject({
      total: 1,
      listeners: [{ comm: 'sshd' }],
    });
    expect(await listeners(store, { filter: filterOf('service_port = 443') }, { limit: 9, history: false }, NOW_MS)).toEqual({
      total: 0,
      listeners: [],
    });
  });

  check('resets: by direction, reason, process and peer, with how long it was idle', async (store) => {
    const found = await resets(store, {}, 9, NOW_MS);
    expect(found).toEqual({
      total: 2,
      looked_up: true,
      resets: [
        {
          host_id: String(ALPHA),
          host: 'alpha',
          comm: 'curl',
          container: '0123456789ab',
          role: 'client',
          peer_addr: '203.0.113.9',
          service_addr: '203.0.113.9',
          port: 443,
          direction: 'received',
          reason: '',
          has_socket: true,
          linger_zero: false,
          resets: 2,
          with_unread: 1,
          idle_p50_us: 20_000_000,
          idle_p99_us: 29_800_000,
          last_ms: NOW_MS - 34_000,
          connection_id: '9',
        },
        expect.objectContaining({
          comm: '',
          container: '',
          peer_addr: '2001:db8::1',
          service_addr: '10.0.0.2',
          port: 81,
          direction: 'sent',
          reason: 'no_socket',
          linger_zero: false,
          has_socket: false,
          resets: 1,
          idle_p50_us: null,
          idle_p99_us: null,
          connection_id: '0',
        }),
      ],
    });
    expect(await resets(store, { filter: filterOf('process = curl') }, 1, NOW_MS)).toMatchObject({ total: 1 });
    expect((await resets(store, {}, 1, NOW_MS)).resets).toHaveLength(1);
  });

  check('drops: by reason and the place in the kernel', async (store) => {
    const found = await drops(store, {}, 9, NOW_MS);
    expect(found.total).toBe(2);
    expect(found.drops[0]).toMatchObject({
      comm: 'curl',
      peer_addr: '203.0.113.9',
      port: 443,
      direction: 'received',
      reason: 'netfilter_drop',
      location: 'nft_do_chain',
      has_socket: true,
      meaning: 'lost',
      packets: 2,
      bytes: 120,
      connection_id: '1',
      last_ms: NOW_MS - 44_000,
    });
    expect(found.drops[1]).toMatchObject({ reason: 'A_REASON_THAT_FILLS_ALL_ITS_ROOM', location: '', direction: 'sent', packets: 1 });
  });

  check('connection: the story of one that was reset', async (store) => {
    const story = await connection(store, String(ALPHA), '1');
    expect(story).toMatchObject({
      host: 'alpha',
      comm: 'curl',
      command: "nginx: worker 'x'",
      container: '0123456789ab',
      pid: 42,
      owner: 'connect',
      role: 'client',
      local_addr: '10.0.0.1',
      local_port: 40_000,
      peer_addr: '203.0.113.9',
      peer_port: 443,
      netns: '9',
      from_ms: NOW_MS - 60_000,
      to_ms: NOW_MS - 35_000,
      opened_ms: NOW_MS - 60_000,
      closed_ms: NOW_MS - 35_000,
      state: 'close',
      end_reason: 'rst_received',
      sk_err: 104,
      connect_us: 700,
      bytes_sent: 61_000,
      bytes_received: 1500,
      total_retrans: 4,
      unattributed: 1,
      rtt_min_us: 900,
      limits: { application: 0.8, network: 0.12, receiver: 0.04, sender: 0.04 },
      congestion_control: 'cubic',
      keepalive: false,
      accept_us: null,
      first_send_us: 800,
      first_receive_us: 9000,
      turns: 4,
      turn_us: 40_000,
      retrans_spurious: 3,
      srtt_max_us: 5000,
      idle_restarts: 2,
      idle_restart_us: 300_000,
      unread: 77,
      notsent: 0,
      unacked: 88,
      probes_out: 0,
      state_us: { syn_sent: 700, established: 25_000_000 },
      states: [
        { state: 'syn_sent', from_ms: NOW_MS - 60_000.7, to_ms: NOW_MS - 60_000 },
        { state: 'established', from_ms: NOW_MS - 60_000, to_ms: NOW_MS - 35_000 },
      ],
      samples: {
        time_ms: [NOW_MS - 50_000, NOW_MS - 40_000],
        srtt_us: [1000, 3000],
        rtt_min_us: [null, null],
        snd_cwnd: [10, 7],
        snd_ssthresh: [null, 5],
        packets_out: [3, 0],
        delivery_rate: [12_500, null],
        retrans: [3, 1],
        snd_wnd: [65_535, 0],
        rcv_wnd: [29_200, 0],
        notsent: [5, 0],
        unread: [6, 0],
      },
      resets: [
        {
          time_ns: String(ago(35)),
          direction: 'received',
          reason: '',
          state: 'established',
          linger_zero: false,
          idle_us: 30_000_000,
          unread: 77,
          notsent: 0,
          packets_out: 3,
        },
      ],
      drops: [
        { direction: 'received', reason: 'netfilter_drop', location: 'nft_do_chain', tcp_flags: 16, seq: 4711, length: 100 },
        { time_ns: String(ago(44)), length: 20 },
      ],
      congestion: [
        {
          old_ca_state: 'open',
          new_ca_state: 'recovery',
          duration_us: 12_000_000,
          snd_cwnd: 10,
          retrans: 3,
          retrans_spurious: 2,
          evidence: 'dsack',
        },
      ],
    });
    expect(story?.retransmits.map(({ class: name }) => name)).toEqual(['fast', 'rto', 'tlp']);
    expect(await connection(store, '2', '999')).toBeUndefined();
  });

  check('connection: the same id on another host is another one, and is open', async (store) => {
    expect(await connection(store, '2', '1')).toMatchObject({
      comm: 'nginx',
      container: 'nginx.service',
      command: '',
      closed_ms: null,
      state: 'established',
      bytes_sent: null,
      total_retrans: null,
    });
  });
});
