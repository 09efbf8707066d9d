// R: what single members of rows say, each in a situation in which another value would be wrong.
import { expect } from 'vitest';
import { PLAIN, relay, type Scenario, said, until } from '../scenario.ts';
import { attempts, closes, ends, pidOf, resetsSent, sum } from '../views.ts';
import { NO_PROBES, SYN_ACK_TIMERS, us } from './slow.ts';
import { closeOf, far, RTT_US } from './transfer.ts';

/** The kernel's least RTO. */
const RTO_MIN_US = 200_000;

const retransmits: Scenario[] = [
  {
    ...PLAIN,
    id: 'R1',
    name: 'the SYN and the FIN are lost: neither is payload',
    path: relay(...far, 'out:drop:syn:1', 'out:drop:fin:1'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:1000 flush shutdown drain close',
    happened: ({ client }) => expect(client.nstat['TcpRetransSegs']).toBeGreaterThanOrEqual(2),
    causes: ({ client }) => attempts(client),
    says: ({ client }) => {
      const [syn, ...fins] = attempts(client);
      expect(syn).toMatchObject({ class: 'syn', seq: 0, end_seq: 1, bytes: 0, segments: 1 });
      expect(fins.length).toBeGreaterThan(0);
      for (const fin of fins) {
        expect(fin).toMatchObject({ seq: 1001, end_seq: 1002, bytes: 0, segments: 1, head_of_queue: true });
        expect(fin.rto_us).toBeGreaterThanOrEqual(RTO_MIN_US);
      }
    },
  },
  {
    ...PLAIN,
    id: 'R2',
    name: 'a SYN-ACK is sent again: by the listener, before there is a connection',
    family: 'ipv6',
    path: relay('out:delay=5:any', 'back:drop:synack:1-2'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:10 close',
    happened: ({ server }) => expect(server.nstat['TcpExtTCPSynRetrans']).toBeGreaterThan(0),
    causes: ({ server }) => attempts(server),
    excused: SYN_ACK_TIMERS,
    says: ({ server }) => {
      const of = { class: 'syn_ack', owner: 'listener', pid: pidOf(server), comm: 'endpoint', role: 'server', segments: 1 };
      for (const row of attempts(server)) {
        expect(row).toMatchObject({ ...of, local_port: 7000, local_addr: server.netns.address.ipv6 });
        expect(row.connection_id).toBe(closeOf(server).connection_id);
      }
    },
  },
  {
    ...PLAIN,
    id: 'R3',
    name: 'after a probe that was not needed the next row says what the evidence is',
    path: relay(...far, 'back:drop:ack:1', 'out:drop:data:3'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:1000 sleep:400 send:1000 flush shutdown drain close',
    happened: ({ client }) => expect(client.nstat['TcpExtTCPDSACKRecvSegs']).toBeGreaterThan(0),
    causes: ({ client }) => attempts(client),
    says: ({ client }) => {
      const [first, ...later] = attempts(client);
      expect(first).toMatchObject({ evidence: 'none', dsack_dups: 0 });
      const told = later.filter(({ evidence }) => evidence !== 'none');
      expect(told.map(({ evidence }) => evidence)).toEqual(told.map(() => 'dsack'));
      // Each DSACK is told of once.
      expect(sum(told.map(({ dsack_dups }) => dsack_dups))).toBe(closeOf(client).dsack_dups);
      expect(told.length).toBeGreaterThan(0);
    },
  },
];

const WAIT_MS = 100;

const connections: Scenario[] = [
  {
    ...PLAIN,
    id: 'R4',
    name: 'asked, answered, closed by the client: the times in each state, and the RTT',
    path: relay(...far),
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: `listen:7000 accept recv:100 send:100 drain sleep:${WAIT_MS} close`,
    client: `connect:7000 send:100 recv:100 sleep:${WAIT_MS} close`,
    happened: ({ client }) => expect(client.nstat['TcpRetransSegs']).toBe(0),
    causes: ({ client, server }) => [...closes(client), ...closes(server)],
    says: ({ client, server }) => {
      const [near, remote] = [closeOf(client), closeOf(server)];
      // The server closes later, and data came before that: not after close().
      expect(near).toMatchObject({ end_reason: 'fin_local', close_wait_us: 0, last_ack_us: 0, turns: 1 });
      expect(remote).toMatchObject({ end_reason: 'fin_peer', fin_wait1_us: 0, fin_wait2_us: 0, closing_us: 0 });
      for (const { srtt_us, srtt_max_us, rtt_min_us, duration_us } of [near, remote]) {
        expect(srtt_us).toBeGreaterThanOrEqual(RTT_US);
        expect(srtt_us, 'no longer than all of it').toBeLessThan(duration_us);
        expect(srtt_max_us).toBeGreaterThanOrEqual(srtt_us);
        expect(rtt_min_us).toBeLessThanOrEqual(srtt_us);
      }
      expect(near.established_us).toBeGreaterThanOrEqual(WAIT_MS * 1000);
      expect(remote.close_wait_us).toBeGreaterThanOrEqual(WAIT_MS * 1000);
      const [change] = client.rows.state_change.filter((row) => row.old_state === 'established');
      expect(change?.new_state).toBe('fin_wait1');
      expect(change?.duration_us).toBe(near.established_us);
      const connecting = us(said(client, 'connect'))[0] ?? 0;
      expect(near.connect_us).toBe(near.syn_sent_us);
      expect(near.connect_us).toBeLessThanOrEqual(connecting);
      // The SYN-ACK's round trip, which the client had to wait for, too.
      expect(remote.connect_us).toBeGreaterThanOrEqual(RTT_US);
      expect(remote.connect_us).toBeLessThan(near.duration_us);
    },
  },
  {
    ...PLAIN,
    id: 'R5',
    name: 'a reset comes while this side has yet to close',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain error close',
    client: 'connect:7000 send:100 flush shutdown state:5 linger0 close',
    happened: ({ server }) => expect(said(server, 'error')).toMatchObject([{ errno: 32 }]),
    causes: ({ client, server }) => [...ends(client), ...ends(server)],
    says: ({ client, server }) => {
      expect(ends(server)).toMatchObject([{ event: 'close', end_reason: 'rst_received', sk_err: 32 }]);
      expect(resetsSent(client)).toMatchObject([{ state: 'fin_wait2' }]);
    },
  },
  {
    ...PLAIN,
    id: 'R6',
    name: 'closed with data unread, behind which a FIN has come: an abort',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept state:8 close',
    client: 'connect:7000 send:5000 shutdown error close',
    happened: ({ server }) => expect(server.nstat['TcpExtTCPAbortOnClose']).toBe(1),
    causes: ({ server }) => resetsSent(server),
    says: ({ client, server }) => {
      expect(resetsSent(server)).toMatchObject([{ state: 'close_wait', unread: 5000, bytes_received: 5000, linger_zero: false }]);
      expect(ends(server)).toMatchObject([{ end_reason: 'rst_sent', unread: 5000, bytes_received: 5000 }]);
      expect(ends(client)).toMatchObject([{ end_reason: 'rst_received' }]);
    },
  },
  {
    ...PLAIN,
    id: 'R7',
    name: 'a FIN in a queue that nobody accepts goes with its listener: no drop',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 wait close_listener',
    client: 'connect:7000 shutdown error close',
    midway: async ({ server }) => {
      await until('a FIN', () => server.run('ss', '-Htan', 'state', 'close-wait').trim() !== '');
      return {};
    },
    happened: ({ server }) => expect(server.nstat['TcpOutRsts']).toBe(1),
    causes: ({ server }) => ends(server),
    says: ({ client, server }) => {
      expect([...client.rows.drop, ...server.rows.drop]).toEqual([]);
      expect(ends(server)).toMatchObject([{ unread: 0, bytes_received: 0 }]);
    },
  },
  {
    ...PLAIN,
    id: 'R8',
    name: 'given up behind a black hole after close(): the FIN is not among what is unacknowledged',
    path: relay('out:delay=1:any', 'out:drop:data', 'out:drop:fin'),
    server: 'listen:7000 accept wait linger0 close',
    client: 'user_timeout:1500 connect:7000 send:100 close',
    midway: async ({ client }) => {
      await until('given up', () => client.nstat()['TcpExtTCPAbortOnTimeout'] === 1);
      return {};
    },
    happened: ({ client }) => expect(client.nstat['TcpExtTCPAbortOnTimeout']).toBe(1),
    causes: ({ client }) => ends(client),
    says: ({ client }) => expect(ends(client)).toMatchObject([{ end_reason: 'timeout', unacked: 100, notsent: 0 }]),
    slow: true,
  },
  {
    ...PLAIN,
    id: 'R9',
    name: 'reset with data that a closed window holds back: the FIN is not among what was not sent',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'rcvbuf:4096 listen:7000 accept wait linger0 close',
    client: 'sndbuf:200000 connect:7000 send:100000 close',
    midway: async ({ client }) => {
      await until('closed', () => client.run('ss', '-Htan', 'state', 'fin-wait-1').trim() !== '');
      return {};
    },
    happened: ({ server }) => expect(server.nstat['TcpOutRsts']).toBeGreaterThan(0),
    causes: ({ client }) => ends(client),
    says: ({ client }) => {
      const [end] = ends(client);
      expect(end).toMatchObject({ end_reason: 'rst_received' });
      expect(end?.notsent).toBeGreaterThan(0);
      // The SYN is among what was acknowledged.
      expect((end?.bytes_acked ?? 0) - 1 + (end?.unacked ?? 0) + (end?.notsent ?? 0)).toBe(100_000);
    },
  },
];

export const members: readonly Scenario[] = [...retransmits, ...connections];
