// C: too many open files, connections pile up. How many, in which state, whose, and since when.
import { expect } from 'vitest';
import type { State } from '../../../bpf/rows/rows.gen.ts';
import type { Netns } from '../../support/netns.ts';
import { type Excuses, type Figures, PLAIN, type Running, relay, type Scenario, type SideSeen, said, until } from '../scenario.ts';
import { sentencesOf } from '../sentences.ts';
import { ends, failures, most, opens, pidOf, sum } from '../views.ts';

const COUNT = 10;
/** What listen(8) allows. */
const BACKLOG = 9;

/** A connect for which there was no local port. */
const NO_PORT = { end_reason: 'no_port', sk_err: 99, segs_out: 0, peer_port: 7000 };

/** SYN-ACKs are sent again after a second, and given up after three. */
const REQUEST_TIMERS: Excuses = {
  TcpExtTCPTimeouts: ({ side }) => ({
    apart: side === 'server' ? 2 * BACKLOG : 0,
    why: 'the timers of requests, which are no sockets yet',
  }),
};

/** Sockets of one state, by ss. */
const population = (netns: Netns, state: string): number =>
  netns
    .run('ss', '-Htan', 'state', state)
    .split('\n')
    .filter((line) => line !== '').length;
/** The last sample of each connection that was in this state in one. */
const sampledIn = ({ rows }: SideSeen, state: State) => [
  ...new Map(rows.sample.filter((row) => row.state === state).map((row) => [row.connection_id, row])).values(),
];

/** Waits until ss finds so many, and has tcplens look at the same moment. */
async function piledUp({ look }: Running, netns: Netns, state: string, count = COUNT): Promise<Figures> {
  await until(`${count} in ${state}`, () => population(netns, state) === count);
  look();
  return { population: population(netns, state) };
}

/** The same for handshakes under way; then waits until they are given up. */
async function filledBacklog(running: Running): Promise<Figures> {
  const figures = await piledUp(running, running.server, 'syn-recv', BACKLOG);
  await until('handshakes given up', () => population(running.server, 'syn-recv') === 0);
  return figures;
}

export const pileUps: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'C1',
    name: 'a CLOSE-WAIT leak: close() is missing',
    path: relay('out:delay=1:any'),
    server: `listen:7000 times:${COUNT} accept keep done wait sleep:200`,
    client: `times:${COUNT} connect:7000 close done wait`,
    midway: (running) => piledUp(running, running.server, 'close-wait'),
    happened: ({ midway }) => expect(midway).toEqual({ population: COUNT }),
    causes: ({ server }) => sampledIn(server, 'close_wait'),
    says: ({ server, client, midway }) => {
      const leaked = sampledIn(server, 'close_wait');
      expect(leaked).toHaveLength(midway['population'] ?? 0);
      for (const row of leaked) expect(row).toMatchObject({ pid: pidOf(server), comm: 'endpoint', role: 'server' });
      expect(most(leaked.map(({ state_us }) => state_us))).toBeGreaterThan(0);
      // They wait for their own process, not for the network: it ends them, at once.
      const closed = ends(server);
      expect(closed.map(({ end_reason }) => end_reason)).toEqual(Array(COUNT).fill('fin_peer'));
      for (const row of closed) expect(row.close_wait_us).toBeGreaterThanOrEqual(200_000);
      expect(ends(client).map(({ end_reason }) => end_reason)).toEqual(Array(COUNT).fill('fin_local'));
    },
  },
  {
    ...PLAIN,
    id: 'C2',
    name: 'TIME-WAIT piles up at who closes first',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: `listen:7000 times:${COUNT} accept drain close done wait`,
    client: `times:${COUNT} connect:7000 send:10 close done wait`,
    midway: (running) => piledUp(running, running.client, 'time-wait'),
    happened: ({ midway }) => expect(midway).toEqual({ population: COUNT }),
    causes: ({ client }) => [...client.rows.namespace.filter((row) => row.time_wait > 0), ...ends(client)],
    says: ({ client, server, midway }) => {
      expect(most(client.rows.namespace.map((row) => row.time_wait))).toBe(midway['population']);
      expect(most(server.rows.namespace.map((row) => row.time_wait))).toBe(0);
      expect(ends(client).map((row) => `${row.end_reason} ${row.peer_port}`)).toEqual(Array(COUNT).fill('fin_local 7000'));
    },
  },
  {
    ...PLAIN,
    id: 'C3',
    name: 'no ephemeral port is left for one destination',
    path: relay('out:delay=1:any'),
    setup: { client: [`sysctl -qw net.ipv4.ip_local_port_range=40000\t${40000 + COUNT - 1}`] },
    server: `listen:7000 times:${COUNT} accept keep done wait`,
    client: `times:${COUNT + 4} connect:7000 keep done wait`,
    midway: (running) => piledUp(running, running.client, 'established'),
    happened: ({ client }) => expect(said(client, 'connect').filter(({ errno }) => errno === 99)).toHaveLength(4),
    causes: ({ client }) => [...failures(client), ...client.rows.namespace.slice(0, 1)],
    says: ({ client }) => {
      const failed = failures(client);
      expect(failed).toHaveLength(4);
      for (const row of failed)
        expect(row).toMatchObject({ ...NO_PORT, port_first: 40_000, port_last: 40_000 + COUNT - 1, local_port: 0, pid: pidOf(client) });
      expect(new Set(sentencesOf(client))).toEqual(
        new Set([
          expect.stringMatching(/^this host: No local port was left toward .*:7000: connect\(\) chooses from 40000–40009, which are 10\./),
        ]),
      );
      const used = new Set(opens(client).map(({ local_port }) => local_port));
      expect(client.rows.namespace.at(-1)?.port_range).toBe(COUNT);
      expect(used.size, 'of the range, before the first failure').toBe(COUNT);
    },
  },
  {
    ...PLAIN,
    id: 'C3b',
    name: 'none is left of the ports that a socket chose for itself',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 times:2 accept keep done wait',
    client: 'times:4 port_range:41000:41001 connect:7000 keep done wait',
    midway: (running) => piledUp(running, running.client, 'established', 2),
    happened: ({ client }) => expect(said(client, 'connect').map(({ errno }) => errno)).toEqual([0, 0, 99, 99]),
    causes: ({ client }) => failures(client),
    says: ({ client }) => {
      const range = { port_first: 41_000, port_last: 41_001 };
      expect(failures(client)).toMatchObject(Array(2).fill({ ...NO_PORT, ...range, local_port: 0 }));
    },
  },
  {
    ...PLAIN,
    id: 'C3c',
    name: 'the port that a socket is bound to is in use toward that destination',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept keep wait',
    client: 'times:2 bind:41000 connect:7000 keep done wait',
    midway: (running) => piledUp(running, running.client, 'established', 1),
    happened: ({ client }) => expect(said(client, 'connect').map(({ errno }) => errno)).toEqual([0, 99]),
    causes: ({ client }) => failures(client),
    says: ({ client }) => {
      expect(failures(client)).toMatchObject([{ ...NO_PORT, port_first: 41_000, port_last: 41_000, local_port: 41_000 }]);
      expect(sentencesOf(client)).toEqual([
        expect.stringMatching(/^this process: The local port 41000, to which it was bound, is taken toward/),
      ]);
    },
  },
  {
    ...PLAIN,
    id: 'C4',
    name: 'FIN-WAIT-2: orphans whose peer does not close',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: `listen:7000 times:${COUNT} accept keep done wait sleep:100`,
    client: `times:${COUNT} connect:7000 linger2:100 close done wait`,
    midway: (running) => piledUp(running, running.client, 'fin-wait-2'),
    happened: ({ midway }) => expect(midway).toEqual({ population: COUNT }),
    causes: ({ client }) => [...sampledIn(client, 'fin_wait2'), ...client.rows.namespace.filter((row) => row.orphans > 0)],
    says: ({ client, midway }) => {
      const waiting = sampledIn(client, 'fin_wait2');
      expect(waiting).toHaveLength(midway['population'] ?? 0);
      for (const row of waiting) expect(row).toMatchObject({ pid: pidOf(client), comm: 'endpoint', role: 'client' });
      // The kernel counts orphans for the whole host.
      expect(most(client.rows.namespace.map((row) => row.orphans))).toBeGreaterThanOrEqual(COUNT);
      for (const row of ends(client)) {
        expect(row.end_reason).toBe('fin_local');
        expect(row.fin_wait2_us).toBeGreaterThanOrEqual(100_000);
      }
    },
  },
  {
    ...PLAIN,
    id: 'C5',
    name: 'two listeners, one of them with most of the work',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 keep listen:7001 keep times:9 accept:7000 drain close done times:3 accept:7001 drain close done wait',
    client: 'times:9 connect:7000 close done times:3 connect:7001 close done wait',
    midway: async ({ look }) => {
      look();
      return {};
    },
    happened: ({ server }) => expect(server.nstat['TcpPassiveOpens']).toBe(12),
    causes: ({ server }) => server.rows.listener.filter(({ accepted }) => accepted > 0),
    says: ({ server }) => {
      const accepted = (port: number) =>
        sum(server.rows.listener.filter(({ local_port }) => local_port === port).map((row) => row.accepted));
      expect({ 7000: accepted(7000), 7001: accepted(7001) }).toEqual({ 7000: 9, 7001: 3 });
    },
  },
  {
    ...PLAIN,
    id: 'C5b',
    name: 'handshakes that nobody finishes fill the SYN backlog',
    family: 'ipv6',
    path: relay('back:drop:synack'),
    setup: {
      client: ['sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=1'],
      server: ['sysctl -qw net.ipv4.tcp_syncookies=0 net.ipv4.tcp_synack_retries=1'],
    },
    server: 'listen:7000:8 wait wait close',
    client: 'times:20 nonblock connect:7000 keep done sleep:3500',
    midway: filledBacklog,
    excused: REQUEST_TIMERS,
    happened: ({ server, midway }) => {
      expect(midway).toEqual({ population: BACKLOG });
      expect(server.nstat['TcpExtTCPReqQFullDrop']).toBeGreaterThan(0);
    },
    causes: ({ server }) => [
      ...server.rows.listener.filter((row) => row.syn_backlog > 0),
      ...server.rows.namespace.filter((row) => row.req_q_full_drop > 0),
    ],
    says: ({ server, midway }) => {
      expect(most(server.rows.listener.map((row) => row.syn_backlog))).toBe(midway['population']);
      expect(server.rows.listener.map((row) => row.accept_queue)).toEqual(Array(server.rows.listener.length).fill(0));
      // The listener dropped SYNs, and its accept queue was empty all the time.
      expect(sum(server.rows.listener.map((row) => row.drops))).toBeGreaterThan(0);
      expect(sum(server.rows.listener.map((row) => row.overflows))).toBe(server.nstat['TcpExtListenOverflows']);
      expect(server.rows.connection, 'nothing ever came of them').toEqual([]);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'C5c',
    name: 'the same answered with cookies',
    path: relay('back:drop:synack'),
    setup: {
      client: ['sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=1'],
      server: ['sysctl -qw net.ipv4.tcp_synack_retries=1'],
    },
    server: 'listen:7000:8 wait wait close',
    client: 'times:20 nonblock connect:7000 keep done sleep:3500',
    midway: filledBacklog,
    excused: REQUEST_TIMERS,
    happened: ({ server }) => expect(server.nstat['TcpExtSyncookiesSent']).toBeGreaterThan(0),
    causes: ({ server }) => server.rows.namespace.filter((row) => row.syncookies_sent > 0),
    says: ({ server }) => expect(sum(server.rows.namespace.map((row) => row.syncookies_sent))).toBe(server.nstat['TcpExtSyncookiesSent']),
    slow: true,
  },
];
