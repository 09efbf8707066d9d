// G1: packets that a host frees and that nobody misses. Each is made by healthy traffic, or by a loss somewhere else.
import { expect } from 'vitest';
import type { DropRow, Meaning } from '../../../bpf/rows/rows.gen.ts';
import { PLAIN, relay, type Scenario, type SideSeen, said, until } from '../scenario.ts';
import { opens, pidOf } from '../views.ts';

type Told = Partial<Pick<DropRow, 'reason' | 'state' | 'tcp_flags' | 'length'>>;

const meant = ({ rows }: SideSeen, meaning: Meaning) => rows.drop.filter((row) => row.meaning === meaning);
const nothingLost = (...sides: SideSeen[]) => expect(sides.flatMap((side) => meant(side, 'lost'))).toEqual([]);
/** Each of the rows says this, and which connection it is about. */
const allSay = (rows: readonly DropRow[], told: Told) => {
  for (const row of rows) expect(row).toMatchObject({ direction: 'received', local_port: 7000, ...told });
};
const ofOwnConnection = (rows: readonly DropRow[], side: SideSeen) => {
  const ids = new Set(opens(side).map(({ connection_id }) => connection_id));
  for (const row of rows) expect(ids).toContain(row.connection_id);
};

const ACK = 0x10;
const FIN_ACK = 0x11;
const SYN = 0x02;
const SYN_ACK = 0x12;
const TIMES = 5;

const path = relay('out:delay=1:any', 'back:delay=1:any');

export const freed: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'G1',
    name: 'a TIME_WAIT answers the FIN of the peer',
    path,
    server: `listen:7000 times:${TIMES} accept recv:100 close done`,
    client: `times:${TIMES} connect:7000 send:100 drain sleep:50 close done`,
    happened: ({ server }) => expect(server.nstat['TcpPassiveOpens']).toBe(TIMES),
    causes: ({ server }) => meant(server, 'answered'),
    says: ({ client, server }) => {
      const rows = meant(server, 'answered');
      expect(rows).toHaveLength(TIMES);
      allSay(rows, { reason: 'not_specified', state: 'time_wait', tcp_flags: FIN_ACK, length: 0 });
      ofOwnConnection(rows, server);
      nothingLost(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'G1b',
    name: 'nothing but ACKs for a socket that waits for close()',
    family: 'ipv6',
    path,
    server: 'listen:7000 accept drain send:300000 flush close',
    client: 'connect:7000 send:100 shutdown drain close',
    happened: ({ client }) => expect(said(client, 'drain')).toMatchObject([{ bytes: 300_000 }]),
    causes: ({ server }) => meant(server, 'answered'),
    says: ({ client, server }) => {
      const rows = meant(server, 'answered');
      expect(rows.length).toBeGreaterThan(0);
      allSay(rows, { reason: 'not_specified', tcp_flags: ACK, length: 0 });
      for (const row of rows) expect(row).toMatchObject({ pid: pidOf(server), comm: 'endpoint' });
      expect(rows.some(({ state }) => state === 'close_wait')).toBe(true);
      ofOwnConnection(rows, server);
      nothingLost(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'G1c',
    name: 'a listener that waits for data takes no bare ACK (TCP_DEFER_ACCEPT)',
    path,
    server: 'defer_accept:5 listen:7000 accept recv:100 close',
    client: 'connect:7000 sleep:200 send:100 drain close',
    happened: ({ server }) => expect(server.nstat['TcpExtTCPDeferAcceptDrop']).toBe(1),
    causes: ({ server }) => meant(server, 'answered'),
    says: ({ client, server }) => {
      const [first] = meant(server, 'answered');
      expect(first).toMatchObject({ reason: 'not_specified', state: 'listen', tcp_flags: ACK, length: 0 });
      // W7: the packet's own ends, and the listener's owner.
      expect(first).toMatchObject({ local_addr: server.netns.address.ipv4, local_port: 7000, pid: pidOf(server), comm: 'endpoint' });
      expect(first).toMatchObject({ peer_addr: client.netns.address.ipv4, peer_port: opens(client)[0]?.local_port });
      nothingLost(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'G1d',
    name: 'keepalive probes',
    path,
    server: 'listen:7000 accept drain close',
    client: 'keepalive:1:1:9 connect:7000 wait close',
    midway: async ({ client }) => {
      await until('three probes', () => (client.nstat()['TcpExtTCPKeepAlive'] ?? 0) >= 3);
      return {};
    },
    happened: ({ client }) => expect(client.nstat['TcpExtTCPKeepAlive']).toBeGreaterThanOrEqual(3),
    causes: ({ server }) => meant(server, 'answered'),
    says: ({ client, server }) => {
      const rows = meant(server, 'answered').filter(({ reason }) => reason === 'tcp_old_sequence');
      expect(rows).toHaveLength(client.nstat['TcpExtTCPKeepAlive'] ?? 0);
      allSay(rows, { state: 'established', tcp_flags: ACK, length: 0 });
      ofOwnConnection(rows, server);
      nothingLost(client, server);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'G1e',
    name: 'probes of a closed window',
    family: 'ipv6',
    path,
    server: 'rcvbuf:16384 listen:7000 accept wait drain close',
    client: 'connect:7000 send:300000 close',
    midway: async ({ client }) => {
      await until('two probes', () => (client.nstat()['TcpExtTCPWinProbe'] ?? 0) >= 2);
      return {};
    },
    happened: ({ client }) => expect(client.nstat['TcpExtTCPWinProbe']).toBeGreaterThanOrEqual(2),
    causes: ({ server }) => meant(server, 'answered'),
    says: ({ client, server }) => {
      const rows = meant(server, 'answered').filter(({ reason }) => reason === 'tcp_old_sequence');
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(client.nstat['TcpExtTCPWinProbe'] ?? 0);
      allSay(rows, { state: 'established', tcp_flags: ACK, length: 0 });
      for (const row of rows) expect(row).toMatchObject({ pid: pidOf(server) });
      nothingLost(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'G1f',
    name: 'data that comes twice, in order and ahead of its order',
    path: relay('out:dup:data:2-9', 'out:delay=40:data:12', 'out:dup:data:14-15', 'back:delay=1:any'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:60000 flush close',
    happened: ({ server, carried }) => {
      expect(said(server, 'drain')).toMatchObject([{ bytes: 60_000 }]);
      expect(server.nstat['TcpExtDelayedACKLost']).toBeGreaterThan(0);
      expect(server.nstat['TcpExtTCPOFOMerge']).toBeGreaterThan(0);
      expect(carried.out['data_dropped']).toBe(0);
    },
    causes: ({ server }) => meant(server, 'duplicate'),
    says: ({ client, server }) => {
      const rows = meant(server, 'duplicate').filter(({ length }) => length > 0);
      expect(rows.filter(({ reason }) => reason === 'tcp_ofomerge')).toHaveLength(server.nstat['TcpExtTCPOFOMerge'] ?? 0);
      expect(rows.filter(({ reason }) => reason !== 'tcp_ofomerge')).toHaveLength(server.nstat['TcpExtDelayedACKLost'] ?? 0);
      ofOwnConnection(rows, server);
      nothingLost(client, server);
    },
    excused: {
      TcpExtTCPDSACKRecvSegs: ({ nstat }) => ({
        apart: -(nstat['TcpExtTCPDSACKIgnoredDubious'] ?? 0),
        why: 'TcpExtTCPDSACKIgnoredDubious: more than was sent again, so the path made it; tcpi_dsack_dups has it',
      }),
    },
  },
  {
    ...PLAIN,
    id: 'G1g',
    name: 'a SYN that comes twice, and so does its answer',
    path: relay('out:dup:syn:1', 'out:delay=1:any'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 close',
    happened: ({ server }) => expect(server.nstat['TcpExtTCPSynRetrans']).toBe(1),
    causes: ({ server }) => meant(server, 'duplicate'),
    says: ({ client, server }) => {
      const peer_addr = client.netns.address.ipv4;
      expect(meant(server, 'duplicate')).toMatchObject([
        { tcp_flags: SYN, state: 'listen', local_port: 7000, peer_addr, pid: pidOf(server), comm: 'endpoint' },
      ]);
      expect(meant(client, 'duplicate')).toMatchObject([{ tcp_flags: SYN_ACK, state: 'established', pid: pidOf(client) }]);
      nothingLost(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'G1h',
    name: 'what nobody wants is refused, not lost: a closed port, and data after close()',
    family: 'ipv6',
    path,
    server: 'listen:7000 accept close wait',
    client: 'connect:7001 connect:7000 sleep:100 send:100 sleep:50 error close wait',
    midway: async () => ({}),
    happened: ({ server }) => expect(server.nstat['TcpOutRsts']).toBe(2),
    causes: ({ server }) => meant(server, 'refused'),
    says: ({ client, server }) => {
      const rows = meant(server, 'refused');
      expect(rows.map(({ local_port, role, length }) => ({ local_port, role, length }))).toEqual([
        { local_port: 7001, role: 'server', length: 0 },
        { local_port: 7000, role: rows[1]?.role, length: 100 },
      ]);
      expect(rows[0]).toMatchObject({ reason: 'no_socket', tcp_flags: SYN, local_addr: server.netns.address.ipv6 });
      nothingLost(client, server);
    },
  },
];
