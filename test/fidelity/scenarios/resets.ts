// A: connections are reset now and then. Who did it, in which state, and why.
import { expect } from 'vitest';
import { PLAIN, relay, type Scenario, said, until, veth } from '../scenario.ts';
import { ends, failures, firewalled, pidOf, resetsReceived, resetsSent, sum, unseenFailures } from '../views.ts';
import { resetReasons } from './reset-reasons.ts';

/** A connect asks at once and after a second, and gives up after three. */
const TWO_SYNS = 'sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=1';

const forgotten = ['out:reply=R,0,0:any:idle=1200', 'out:drop:any:idle=1200'];

const others: Scenario[] = [
  {
    ...PLAIN,
    id: 'A1',
    name: 'a middlebox has forgotten an idle connection, and answers its next write with RST',
    path: relay('out:delay=2:any', ...forgotten),
    server: 'listen:7000 accept recv:100 send:100 wait linger0 close',
    client: 'connect:7000 send:100 recv:100 sleep:1600 send:100 error close',
    happened: ({ client }) => expect(said(client, 'error')).toMatchObject([{ errno: 104 }]),
    causes: ({ client }) => resetsReceived(client),
    says: ({ client }) => {
      const [reset] = resetsReceived(client);
      expect(reset).toMatchObject({ state: 'established', pid: pidOf(client), bytes_sent: 200, packets_out: 1 });
      expect(reset?.idle_us, 'idle before the write that the RST answered').toBeGreaterThanOrEqual(1_600_000);
      expect(client.rows.retransmit, 'no loss').toEqual([]);
      expect(ends(client)).toMatchObject([{ end_reason: 'rst_received', sk_err: 104 }]);
    },
  },
  {
    ...PLAIN,
    id: 'A1b',
    name: 'the same, in silence',
    family: 'ipv6',
    path: relay('out:delay=2:any', 'out:drop:any:idle=1200'),
    server: 'listen:7000 accept recv:100 send:100 wait linger0 close',
    client: 'user_timeout:1500 connect:7000 send:100 recv:100 sleep:1600 send:100 error close',
    happened: ({ client }) => expect(said(client, 'error')).toMatchObject([{ errno: 110 }]),
    causes: ({ client }) => [...client.rows.retransmit, ...ends(client)],
    says: ({ client }) => {
      expect(new Set(client.rows.retransmit.map(({ class: name, seq }) => `${name} from ${seq}`))).toEqual(
        new Set(['tlp from 101', 'rto from 101']),
      );
      expect(ends(client)).toMatchObject([{ end_reason: 'timeout', sk_err: 110, unacked: 100, bytes_received: 100 }]);
      expect(client.rows.reset).toEqual([]);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'A1c',
    name: 'reset by its own process, long after data of the peer and soon after an acknowledgement',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept send:100 drain close',
    client: 'connect:7000 recv:100 sleep:1500 send:100 flush linger0 close',
    happened: ({ client }) => expect(client.nstat['TcpOutRsts']).toBe(1),
    causes: ({ client }) => resetsSent(client),
    // Both are news of the peer; the later one counts.
    says: ({ client }) => expect(resetsSent(client)[0]?.idle_us).toBeLessThan(1_000_000),
  },
  {
    ...PLAIN,
    id: 'A4',
    name: 'nobody listens for a while (restart)',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 wait accept close_listener close wait listen:7000 close',
    client: 'connect:7000 drain close times:2 connect:7000 close done',
    // A sweep has to meet the listener.
    midway: async ({ look }) => {
      look();
      return {};
    },
    happened: ({ client }) => expect(said(client, 'connect').map(({ errno }) => errno)).toEqual([0, 111, 111]),
    causes: ({ server, client }) => [
      ...server.rows.state_change.filter((row) => row.old_state === 'listen' || row.new_state === 'listen'),
      ...resetsSent(server),
      ...failures(client),
    ],
    says: ({ client, server }) => {
      const changes = server.rows.state_change.filter(({ local_port, peer_port }) => local_port === 7000 && peer_port === 0);
      const gone = changes.find((row) => row.old_state === 'listen' && row.new_state === 'close');
      const back = changes.findLast((row) => row.new_state === 'listen');
      expect(gone).toMatchObject({ pid: pidOf(server), comm: 'endpoint' });
      const resets = resetsSent(server);
      expect(resets).toHaveLength(2);
      for (const reset of resets) {
        expect(reset).toMatchObject({ reason: 'no_socket', has_socket: false, local_port: 7000, local_addr: server.netns.address.ipv4 });
        expect(reset.time_ns).toBeGreaterThan(gone?.time_ns ?? 0n);
        expect(reset.time_ns).toBeLessThan(back?.time_ns ?? 0n);
      }
      const failed = failures(client);
      expect(failed).toMatchObject([
        { end_reason: 'refused', sk_err: 111 },
        { end_reason: 'refused', sk_err: 111 },
      ]);
      expect(firewalled(server)).toEqual([]);
    },
  },
  {
    ...PLAIN,
    id: 'A5',
    name: 'the accept queue is full, in silence',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    setup: { client: [TWO_SYNS] },
    server: 'listen:7000:3 wait close',
    client: 'times:4 connect:7000 keep done fork:4 connect:7000 done wait',
    midway: async ({ server, look }) => {
      // Of 8 connects 4 fit in, one more than the limit; each other one asks twice.
      await until('8 overflows', () => server.nstat()['TcpExtListenOverflows'] === 8);
      look();
      const [, queue = '', limit = ''] = server.run('ss', '-Hltn').trim().split(/\s+/);
      return { queue: Number(queue), limit: Number(limit) };
    },
    happened: ({ server, midway }) => {
      expect(server.nstat['TcpExtListenOverflows']).toBe(8);
      expect(midway).toEqual({ queue: 4, limit: 3 });
    },
    causes: ({ client, server }) => [
      ...server.rows.listener.slice(-1),
      ...client.rows.retransmit,
      ...ends(client).filter((row) => row.sk_err !== 0),
    ],
    says: ({ client, server, midway }) => {
      const last = server.rows.listener.at(-1);
      expect(last).toMatchObject({
        accept_queue: midway['queue'],
        accept_queue_limit: midway['limit'],
        drops_total: 8,
        pid: pidOf(server),
      });
      expect(sum(server.rows.listener.map(({ accepted }) => accepted))).toBe(4);
      expect(sum(server.rows.listener.map(({ overflows }) => overflows))).toBe(server.nstat['TcpExtListenOverflows']);
      expect(client.rows.retransmit.map((row) => row.class)).toEqual(Array(4).fill('syn'));
      const unseen = unseenFailures(client).length;
      expect(unseen).toBeLessThan(4);
      expect(
        failures(client)
          .map(({ end_reason }) => end_reason)
          .sort(),
      ).toEqual([...Array(4 - unseen).fill('timeout'), ...Array(unseen).fill('unknown')]);
    },
    slow: true,
  },
];

type Firewall = Pick<Scenario, 'id' | 'name' | 'path' | 'setup' | 'family' | 'slow'> & {
  errno: number;
  end_reason: string;
  /** whether this host's own firewall took the SYNs */
  dropped: boolean;
};

const firewalls: Firewall[] = [
  {
    id: 'A6',
    name: "the server's own firewall drops",
    family: 'ipv4',
    path: veth,
    setup: { server: ['iptables -A INPUT -p tcp --dport 7000 -j DROP'] },
    errno: 110,
    end_reason: 'timeout',
    dropped: true,
    slow: true,
  },
  {
    id: 'A6b',
    name: "the server's own firewall rejects by ICMP",
    family: 'ipv6',
    path: veth,
    setup: { server: ['ip6tables -A INPUT -p tcp --dport 7000 -j REJECT --reject-with icmp6-adm-prohibited'] },
    errno: 13,
    end_reason: 'unreachable',
    dropped: true,
  },
  {
    id: 'A6c',
    name: "the server's own firewall rejects by RST",
    family: 'ipv4',
    path: veth,
    setup: { server: ['iptables -A INPUT -p tcp --dport 7000 -j REJECT --reject-with tcp-reset'] },
    errno: 111,
    end_reason: 'refused',
    dropped: true,
  },
  {
    id: 'A6d',
    name: 'a firewall elsewhere rejects by RST',
    family: 'ipv6',
    path: relay('out:reply=RA,0,0:syn', 'out:drop:syn'),
    errno: 111,
    end_reason: 'refused',
    dropped: false,
  },
];

const firewallScenarios = firewalls.map(
  ({ errno, end_reason, dropped, ...scenario }): Scenario => ({
    ...PLAIN,
    ...scenario,
    setup: { client: [TWO_SYNS], ...scenario.setup },
    server: 'listen:7000 wait close',
    client: 'connect:7000 close',
    happened: ({ client, server }) => {
      expect(said(client, 'connect')).toMatchObject([{ errno }]);
      expect(server.filtered >= 1).toBe(dropped);
    },
    causes: ({ client, server }) => [...server.rows.drop, ...client.rows.reset, ...ends(client)],
    says: ({ client, server }) => {
      expect(ends(client)).toMatchObject([{ event: 'failed', end_reason, sk_err: errno }]);
      expect(server.rows.drop.map(({ reason, local_port, direction, netns }) => ({ reason, local_port, direction, netns }))).toEqual(
        Array(server.filtered).fill({
          reason: 'netfilter_drop',
          local_port: 7000,
          direction: 'received',
          netns: ends(server)[0]?.netns ?? server.cookie,
        }),
      );
      expect(resetsSent(server), "a firewall's RST is none of TCP's").toEqual([]);
    },
  }),
);

export const resets: readonly Scenario[] = [...resetReasons, ...others, ...firewallScenarios];
