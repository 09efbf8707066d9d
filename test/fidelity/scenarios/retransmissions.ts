// D: retransmissions. Of which class, whether they were needed, and which way the packets were lost.
import { expect } from 'vitest';
import type { Class } from '../../../bpf/rows/rows.gen.ts';
import { PLAIN, type Scenario, type SideSeen } from '../scenario.ts';
import { attempts, closes, counterOf, ends, firewalled, sum } from '../views.ts';
import { losses } from './losses.ts';
import { captured, closeOf, far, lostOnTheWay, mix, transfer } from './transfer.ts';

/** A transfer whose retransmissions are known one by one. */
type Exact = Pick<Scenario, 'id' | 'name' | 'path' | 'client' | 'server'> &
  Partial<Pick<Scenario, 'family' | 'congestion' | 'setup' | 'excused' | 'slow'>> & {
    classes: Partial<Record<Class, number>>;
    /** what the kernel must have counted for the situation to be the one meant */
    counters: Record<string, number>;
    /** of the sender's close row */
    close: Record<string, unknown>;
  };

const exact: Exact[] = [
  {
    id: 'D1f',
    name: 'one segment lost in the middle',
    family: 'ipv6',
    path: captured(...far, 'out:drop:data:12'),
    ...transfer(60_000),
    classes: { fast: 1 },
    counters: { TcpExtTCPFastRetrans: 1, TcpExtTCPSackRecovery: 1 },
    close: { retrans_fast: 1, retrans_spurious: 0, undos: 0, dsack_dups: 0 },
  },
  {
    id: 'D2',
    name: 'the last segment lost: a tail loss probe brings it',
    path: captured(...far, 'out:drop:data:5'),
    ...transfer(7_240),
    classes: { tlp: 1 },
    counters: { TcpExtTCPLossProbes: 1, TcpExtTCPLossProbeRecovery: 1, TcpExtTCPTimeouts: 0 },
    close: { retrans_tlp: 1, retrans_spurious: 0 },
  },
  {
    id: 'D2b',
    name: 'a probe for an ACK that was lost: no loss at all',
    family: 'ipv6',
    path: captured(...far, 'back:drop:ack:1'),
    ...transfer(1_000),
    classes: { tlp: 1 },
    counters: { TcpExtTCPLossProbes: 1, TcpExtTCPDSACKRecvSegs: 1, TcpExtTCPTimeouts: 0 },
    close: { retrans_tlp: 1, retrans_spurious: 1, dsack_dups: 1 },
  },
  {
    id: 'D3',
    name: 'one segment comes late, without timestamps: DSACK',
    path: captured(...far, 'out:delay=25:data:20'),
    setup: { client: ['sysctl -qw net.ipv4.tcp_timestamps=0'] },
    ...transfer(200_000),
    classes: { fast: 1 },
    counters: { TcpExtTCPDSACKUndo: 1, TcpExtTCPDSACKRecvSegs: 1 },
    close: { retrans_fast: 1, retrans_spurious: 1, dsack_dups: 1, undos: 1 },
  },
  {
    id: 'D3e',
    name: 'the same with timestamps and with BBR',
    family: 'ipv6',
    congestion: 'bbr',
    path: captured(...far, 'out:delay=25:data:20'),
    ...transfer(200_000),
    classes: { fast: 1 },
    // Which of the two tells first depends on when the late one comes.
    counters: { 'TcpExtTCPFullUndo+TcpExtTCPDSACKUndo': 1, TcpExtTCPDSACKRecvSegs: 1 },
    close: { retrans_fast: 1, retrans_spurious: 1, dsack_dups: 1, undos: 1 },
  },
  {
    id: 'D3b',
    name: 'all come late: a timeout that timestamps take back, without DSACK',
    family: 'ipv6',
    path: captured(...far, 'out:delay=400:data:1-11'),
    setup: { client: ['sysctl -qw net.ipv4.tcp_early_retrans=0'], server: ['sysctl -qw net.ipv4.tcp_dsack=0'] },
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:43440 flush sleep:500 info shutdown drain close',
    classes: { rto: 1 },
    counters: { TcpExtTCPLossUndo: 1, TcpExtTCPTimeouts: 1, TcpExtTCPDSACKRecv: 0 },
    close: { retrans_rto: 1, retrans_spurious: 1, undos: 1, dsack_dups: 0 },
  },
  {
    id: 'D3c',
    name: 'all come late, without timestamps: F-RTO takes the timeout back',
    path: captured(...far, 'out:delay=400:data:1-11'),
    setup: { client: ['sysctl -qw net.ipv4.tcp_early_retrans=0 net.ipv4.tcp_timestamps=0'] },
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:43440 flush sleep:500 info shutdown drain close',
    classes: { rto: 1 },
    counters: { TcpExtTCPSpuriousRTOs: 1, TcpExtTCPLossUndo: 1, TcpExtTCPTimeouts: 1 },
    close: { retrans_rto: 1, retrans_spurious: 1, undos: 1 },
  },
  {
    id: 'D3d',
    name: 'the path delivers one segment twice: nothing was sent again',
    family: 'ipv6',
    path: captured(...far, 'out:dup:data:8'),
    ...transfer(60_000),
    classes: {},
    counters: { TcpRetransSegs: 0 },
    // Whether the DSACK finds its way back into the sender's figures is left to the receiver.
    close: { total_retrans: 0, retrans_spurious: 0 },
    excused: {
      TcpExtTCPDSACKRecvSegs: ({ nstat }) => ({
        apart: -(nstat['TcpExtTCPDSACKIgnoredDubious'] ?? 0),
        why: 'TcpExtTCPDSACKIgnoredDubious: more than was sent again, so the path made it; tcpi_dsack_dups has it',
      }),
    },
  },
];

const exactScenarios = exact.map(
  ({ classes, counters, close, ...scenario }): Scenario => ({
    ...PLAIN,
    ...scenario,
    happened: ({ client }) =>
      expect(Object.fromEntries(Object.keys(counters).map((name) => [name, counterOf(client.nstat, name)]))).toEqual(counters),
    causes: ({ client }) => [...attempts(client), ...client.rows.congestion, ...closes(client)],
    says: (seen) => {
      expect(mix(seen.client)).toEqual(classes);
      expect(closeOf(seen.client)).toMatchObject(close);
      if (!scenario.path || scenario.id === 'D3d') return;
      lostOnTheWay(seen);
    },
  }),
);

const others: Scenario[] = [
  {
    ...PLAIN,
    id: 'D4',
    name: 'a black hole in mid-connection, until TCP gives up',
    family: 'ipv6',
    path: captured('out:delay=5:any', 'back:delay=5:any', 'out:drop:any:20-'),
    server: 'listen:7000 accept wait linger0 close',
    client: 'user_timeout:3000 connect:7000 send:100000 error close',
    happened: ({ client }) => {
      // The error goes to whichever call waits.
      expect(client.said.map(({ errno }) => errno)).toContain(110);
      expect(client.nstat['TcpExtTCPAbortOnTimeout']).toBe(1);
    },
    causes: ({ client }) => [...attempts(client), ...ends(client)],
    says: ({ client }) => {
      const timed = attempts(client).filter((row) => row.class === 'rto');
      expect(timed.length).toBeGreaterThanOrEqual(2);
      expect(new Set(timed.map((row) => `${row.seq} ${row.outcome}`)).size, 'the same segment each time').toBe(1);
      for (const [at, { backoff, rto_us, retransmits, head_of_queue }] of timed.entries()) {
        expect({ at, backoff, retransmits, head_of_queue }).toEqual({ at, backoff: at, retransmits: at + 1, head_of_queue: true });
        if (at > 0) expect(rto_us, 'twice the last').toBe(2 * (timed[at - 1]?.rto_us ?? 0));
      }
      expect(ends(client)).toMatchObject([{ event: 'close', end_reason: 'timeout', sk_err: 110, retrans_rto: timed.length }]);
      expect(ends(client)[0]?.unacked).toBeGreaterThan(0);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'D5',
    name: "the sender's own firewall drops what it sends",
    congestion: 'reno',
    path: { kind: 'veth', offloads: false },
    setup: {
      client: ['iptables -A OUTPUT -p tcp --tcp-flags SYN NONE -m statistic --mode nth --every 5 --packet 1 -j DROP'],
      server: ['iptables -A INPUT -p tcp --tcp-flags SYN NONE -m statistic --mode random --probability 0.1 -j DROP'],
    },
    ...transfer(400_000),
    happened: ({ client }) => {
      expect(client.nstat['TcpExtTCPRetransFail']).toBeGreaterThan(0);
      expect(client.filtered).toBeGreaterThan(0);
    },
    causes: ({ client }) => [...attempts(client).filter(({ outcome }) => outcome === 'failed'), ...firewalled(client)],
    says: ({ client, server }) => {
      const failed = attempts(client).filter(({ outcome }) => outcome === 'failed');
      expect(failed.length).toBeGreaterThan(0);
      for (const row of failed) expect(row.err, 'EPERM').toBe(-1);
      for (const row of firewalled(client)) expect(row).toMatchObject({ direction: 'sent', peer_port: 7000 });
      // What did not arrive was dropped by one of the two firewalls, and by which is known: nothing is left for the network.
      const { bytes_sent, bytes_failed } = closeOf(client);
      const dropped = (side: SideSeen) => sum(firewalled(side).map(({ length }) => length));
      expect(bytes_sent + bytes_failed - dropped(server) - dropped(client)).toBeGreaterThanOrEqual(400_000);
      expect(bytes_failed + sum(failed.map(({ bytes }) => bytes)), 'what its own firewall did not let out').toBe(dropped(client));
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'D5b',
    name: "the sender's own queue is full",
    family: 'ipv6',
    path: { kind: 'veth', offloads: false },
    setup: { client: ['tc qdisc add dev eth0 root tbf rate 20mbit burst 6000 limit 20000'] },
    ...transfer(1_500_000),
    happened: ({ client }) => expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0),
    causes: ({ client }) => [...client.rows.drop, ...attempts(client)],
    says: ({ client, server }) => {
      expect(client.rows.drop.length).toBeGreaterThan(0);
      for (const row of client.rows.drop) expect(row).toMatchObject({ direction: 'sent', peer_port: 7000 });
      expect(client.rows.drop.map(({ reason }) => reason)).toEqual(Array(client.rows.drop.length).fill('qdisc_drop'));
      // What fits into the queue's burst is dropped whole, and may be two segments.
      const { mss, data_segs_out } = closeOf(client);
      const segments_dropped = sum(client.rows.drop.map(({ length }) => Math.ceil(length / mss)));
      expect(data_segs_out - closeOf(server).data_segs_in).toBe(segments_dropped);
    },
  },
  {
    ...PLAIN,
    id: 'D7',
    name: 'ACKs are lost on the way back, nothing on the way out',
    path: captured(...far, 'back:drop:ack:ms=0-300'),
    ...transfer(150_000),
    happened: ({ client, carried }) => {
      expect(carried.out['data_dropped']).toBe(0);
      expect(carried.back['acks_dropped']).toBeGreaterThan(0);
      expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0);
    },
    causes: ({ client, server }) => [...closes(client), ...closes(server), ...attempts(client)],
    says: (seen) => {
      lostOnTheWay(seen);
      const near = closeOf(seen.client);
      const remote = closeOf(seen.server);
      expect(near.data_segs_out - remote.data_segs_in, 'lost on the way out').toBe(0);
      // The SYN-ACK came from no socket yet.
      expect(remote.segs_out + 1 - near.segs_in, 'lost on the way back').toBe(seen.carried.back['dropped']);
      expect(near.retrans_spurious, 'of what was sent again').toBeGreaterThan(0);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'D8',
    name: 'MPTCP on one side only: plain TCP, with loss',
    family: 'ipv6',
    path: captured(...far, 'out:drop:data:12'),
    server: 'listen:7000 accept drain close',
    client: 'mptcp connect:7000 send:60000 sleep:300 shutdown drain close',
    happened: ({ client }) =>
      expect(client.nstat).toMatchObject({ TcpRetransSegs: 1, MPTcpExtMPCapableSYNTX: 1, MPTcpExtMPCapableSYNACKRX: 0 }),
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client }) => {
      expect(mix(client)).toEqual({ fast: 1 });
      expect(ends(client)).toMatchObject([{ event: 'close', end_reason: 'fin_local', role: 'client', comm: 'endpoint' }]);
    },
  },
  {
    ...PLAIN,
    id: 'D8b',
    name: 'MPTCP on both sides, with loss',
    path: captured(...far, 'out:drop:data:12'),
    server: 'mptcp listen:7000 accept drain close',
    client: 'mptcp connect:7000 send:60000 sleep:300 shutdown drain close',
    happened: ({ client }) => {
      expect(client.nstat['MPTcpExtMPCapableSYNACKRX']).toBe(1);
      expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0);
    },
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client, server }) => {
      for (const side of [client, server]) expect(ends(side).map(({ event }) => event)).toEqual(['close']);
    },
  },
];

export const retransmissions: readonly Scenario[] = [...losses, ...exactScenarios, ...others];
