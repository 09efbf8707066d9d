// G2: packets that a host itself drops, with something missing then: whose they were, and which way they went.
import { expect } from 'vitest';
import type { DropRow } from '../../../bpf/rows/rows.gen.ts';
import type { Netns } from '../../support/netns.ts';
import { PLAIN, relay, type Scenario, type SideSeen, said, veth } from '../scenario.ts';
import { opens, pidOf } from '../views.ts';

const lost = ({ rows }: SideSeen): DropRow[] => rows.drop.filter(({ meaning }) => meaning === 'lost');
/** Each row has the facts of the side's only connection. */
const ofConnection = (rows: readonly DropRow[], side: SideSeen, more: Partial<DropRow>) => {
  const [open] = opens(side);
  const { connection_id, local_addr, local_port, peer_addr, peer_port, role } = open ?? {};
  for (const row of rows) {
    expect(row).toMatchObject({ connection_id, local_addr, local_port, peer_addr, peer_port, role });
    expect(row).toMatchObject({ comm: 'endpoint', pid: pidOf(side), has_socket: true, ...more });
  }
};
/** Packets that the queue of eth0 dropped, by tc. */
const byQueue = (netns: Netns): number => Number(/dropped (\d+)/.exec(netns.run('tc', '-s', 'qdisc', 'show', 'dev', 'eth0'))?.[1]);

const BYTES = 400_000;
const noOffloads = { ...veth, offloads: false };
const transfer = { server: 'listen:7000 accept drain close', client: `connect:7000 send:${BYTES} flush close` };
const arrived = ({ said: all }: { said: SideSeen['said'] }) =>
  expect(all.filter(({ word }) => word === 'drain').map(({ bytes }) => bytes)).toEqual([BYTES]);

export const dropped: readonly Scenario[] = [
  {
    ...PLAIN,
    ...transfer,
    id: 'G2',
    name: "the host's own queue drops (tbf)",
    path: noOffloads,
    setup: { client: ['tc qdisc add dev eth0 root tbf rate 8mbit burst 4kb limit 12kb'] },
    happened: ({ client, server }) => {
      arrived(server);
      expect(byQueue(client.netns)).toBeGreaterThan(0);
    },
    causes: ({ client }) => lost(client),
    says: ({ client, server }) => {
      const rows = lost(client);
      expect(rows).toHaveLength(byQueue(client.netns));
      // The queue cuts a large packet up, and only the last segment keeps the socket.
      const held = rows.filter(({ has_socket }) => has_socket);
      expect(held.length).toBeGreaterThan(0);
      ofConnection(held, client, { direction: 'sent' });
      const { local_addr, local_port, peer_addr } = opens(client)[0] ?? {};
      for (const row of rows) expect(row).toMatchObject({ direction: 'sent', local_addr, local_port, peer_addr, peer_port: 7000 });
      expect(lost(server)).toEqual([]);
    },
    slow: true,
  },
  {
    ...PLAIN,
    ...transfer,
    id: 'G2b',
    name: "the host's own firewall drops on the way out",
    family: 'ipv6',
    path: noOffloads,
    setup: {
      client: ['ip6tables -A OUTPUT -p tcp --dport 7000 --tcp-flags SYN NONE -m statistic --mode nth --every 20 --packet 3 -j DROP'],
    },
    happened: ({ client, server }) => {
      arrived(server);
      expect(client.filtered).toBeGreaterThan(0);
    },
    causes: ({ client }) => lost(client),
    says: ({ client, server }) => {
      const rows = lost(client);
      expect(rows).toHaveLength(client.filtered);
      ofConnection(rows, client, { direction: 'sent', reason: 'netfilter_drop' });
      expect(lost(server)).toEqual([]);
    },
  },
  {
    ...PLAIN,
    ...transfer,
    id: 'G2c',
    name: "the host's own firewall drops on the way in",
    path: noOffloads,
    setup: { server: ['iptables -A INPUT -p tcp --dport 7000 --tcp-flags SYN NONE -m statistic --mode nth --every 20 --packet 7 -j DROP'] },
    happened: ({ server }) => {
      arrived(server);
      expect(server.filtered).toBeGreaterThan(0);
    },
    causes: ({ server }) => lost(server),
    says: ({ client, server }) => {
      const rows = lost(server);
      expect(rows).toHaveLength(server.filtered);
      // A drop of a packet for a TIME_WAIT has the connection's identity and no process.
      const alive = rows.filter(({ state }) => state !== 'time_wait');
      expect(alive.length).toBeGreaterThan(0);
      ofConnection(alive, server, { direction: 'received', reason: 'netfilter_drop' });
      expect(lost(client)).toEqual([]);
    },
  },
  {
    ...PLAIN,
    id: 'G2d',
    name: 'the SYN-ACK is dropped on its way out: the listener has it',
    family: 'ipv6',
    path: relay('out:dup:syn:1', 'out:delay=1:any'),
    setup: { server: ['ip6tables -A OUTPUT -p tcp --tcp-flags SYN,ACK SYN,ACK -m statistic --mode nth --every 2 --packet 0 -j DROP'] },
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 close',
    happened: ({ client, server }) => {
      expect(said(client, 'connect')).toMatchObject([{ errno: 0 }]);
      expect(server.filtered).toBeGreaterThan(0);
    },
    causes: ({ server }) => lost(server),
    says: ({ client, server }) => {
      for (const row of lost(server)) {
        expect(row).toMatchObject({ direction: 'sent', state: 'new_syn_recv', role: 'server', local_port: 7000 });
        expect(row).toMatchObject({ comm: 'endpoint', pid: pidOf(server), owner: 'listener', peer_addr: client.netns.address.ipv6 });
      }
      expect(lost(server)).toHaveLength(server.filtered);
    },
  },
];
