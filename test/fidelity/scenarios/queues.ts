// Which listener's accept queue was full, by the kernel's own count, and which only dropped packets.
import { expect } from 'vitest';
import type { Netns } from '../../support/netns.ts';
import { type Excuses, PLAIN, type Running, relay, type Scenario, type SideSeen, until } from '../scenario.ts';
import { sum } from '../views.ts';

/** The timer of a request sends its SYN-ACK again, and once more goes off when nobody answers that: how many do depends on when the other end gives up. */
function timersOfRequests({ nstat, rows }: SideSeen): number {
  const sent_again = rows.retransmit.filter((row) => row.class === 'syn_ack').length;
  return Math.min(Math.max(nstat['TcpExtTCPTimeouts'] ?? 0, sent_again), 2 * sent_again);
}

/** @param count of these timeouts */
const requestTimers = (count: (server: SideSeen) => number): Excuses => ({
  TcpExtTCPTimeouts: (seen) => ({
    apart: seen.side === 'server' ? count(seen) : 0,
    why: 'the timers of requests, which are no sockets yet',
  }),
});

const overflowsOf = (netns: Netns) => netns.nstat()['TcpExtListenOverflows'] ?? 0;
const handshakes = (netns: Netns) => netns.run('ss', '-Htan', 'state', 'syn-recv').trim();

/** Looks twice once nothing moves any more: what the second sweep finds has the first one's counters behind it. */
async function settled({ server, look }: Running, overflows: number) {
  await until(`${overflows} overflows, and no handshake`, () => overflowsOf(server) >= overflows && handshakes(server) === '');
  look();
  look();
  return { overflows: overflowsOf(server) };
}

const overflows = ({ rows }: SideSeen, port?: number) =>
  sum(rows.listener.filter((row) => port === undefined || row.local_port === port).map((row) => row.overflows));

export const queues: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'A5c',
    name: 'the last ACKs of many handshakes meet a full accept queue',
    path: relay('out:delay=10:any', 'back:delay=10:any'),
    setup: { server: ['sysctl -qw net.ipv4.tcp_synack_retries=1'] },
    server: 'listen:7000:20 wait close',
    client: 'times:15 connect:7000 keep done fork:15 connect:7000 keep done wait',
    midway: (running) => settled(running, 9),
    excused: requestTimers(timersOfRequests),
    happened: ({ midway }) => expect(midway['overflows']).toBeGreaterThanOrEqual(9),
    causes: ({ server }) => server.rows.listener.filter((row) => row.overflows > 0),
    says: ({ server }) => {
      expect(overflows(server)).toBe(server.nstat['TcpExtListenOverflows']);
      // The kernel counts the last ACK twice among the listener's drops.
      expect(sum(server.rows.listener.map((row) => row.drops))).toBeGreaterThan(overflows(server));
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'A5d',
    name: 'the way back is gone when the last ACK comes: a drop, and no queue is full',
    path: relay('out:delay=900:ack'),
    server: 'listen:7000:100 wait close',
    // Handshakes begin all the time: whenever the route goes, some are half done.
    client: 'fork:1 times:30 nonblock connect:7000 keep sleep:200 done done wait sleep:7000',
    midway: async ({ server, look }) => {
      await until('a handshake under way', () => handshakes(server) !== '');
      const [route = ''] = server.run('ip', 'route', 'show').trim().split('\n');
      server.run('ip', 'route', 'flush', 'table', 'main');
      // Of so many the SYNs alone would take longer than an ACK is on its way.
      await until('last ACKs dropped', () => (server.nstat()['TcpExtListenDrops'] ?? 0) >= 10);
      look();
      look();
      server.run('ip', 'route', 'add', ...route.trim().split(/\s+/));
      return {};
    },
    // What is accepted sends nothing, so that it has no timers; how many requests are under way is chance.
    excused: requestTimers(({ nstat }) => nstat['TcpExtTCPTimeouts'] ?? 0),
    happened: ({ server }) => {
      expect(server.nstat['TcpExtListenOverflows'] ?? 0).toBe(0);
      expect(server.rows.drop.map(({ reason }) => reason)).toContain('tcp_listen_overflow');
    },
    causes: ({ server }) => server.rows.listener.filter((row) => row.drops > 0),
    says: ({ server }) => expect(overflows(server)).toBe(0),
    slow: true,
  },
  {
    ...PLAIN,
    id: 'A5e',
    name: 'of two listeners one has a full queue',
    path: relay('out:delay=1:any'),
    setup: { client: ['sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=1'] },
    server: 'listen:7001:20 keep listen:7000:3 wait close',
    client: 'times:4 connect:7000 keep done times:3 connect:7001 keep done fork:3 connect:7000 done wait',
    midway: (running) => settled(running, 6),
    happened: ({ midway }) => expect(midway).toEqual({ overflows: 6 }),
    causes: ({ server }) => server.rows.listener.filter((row) => row.overflows > 0),
    says: ({ server }) => expect({ full: overflows(server, 7000), other: overflows(server, 7001) }).toEqual({ full: 6, other: 0 }),
    slow: true,
  },
];
