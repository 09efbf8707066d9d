// Every reason for which this kernel resets a connection and that can be brought about, by the kernel's own names.
import { expect } from 'vitest';
import { type Excuses, PLAIN, relay, type Scenario, type Side, until } from '../scenario.ts';
import { ends, resetsReceived, resetsSent } from '../views.ts';

/** A handshake that a RST ends on the server has no socket yet, and no event. */
const EMBRYONIC: Excuses = {
  TcpAttemptFails: ({ nstat }) => ({ apart: nstat['TcpExtEmbryonicRsts'] ?? 0, why: 'TcpExtEmbryonicRsts: no socket, no event' }),
};

/** One cause of resets, each with the kernel's own name for it. */
type Reason = Pick<Scenario, 'id' | 'name' | 'path' | 'client' | 'server' | 'setup' | 'family' | 'slow' | 'excused' | 'midway'> & {
  reason: string;
  sender: Side;
  /** more of the row than its reason */
  row?: Record<string, unknown>;
  /** RSTs for this reason; 1 unless given */
  count?: number;
  /** RSTs that the sender itself has received, if that is to be looked at */
  received?: number;
};

const reasons: Reason[] = [
  {
    id: 'A2',
    name: 'the application closes with unread bytes',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept peek:5000 close',
    client: 'connect:7000 send:5000 error close',
    sender: 'server',
    reason: 'tcp_abort_on_close',
    row: { unread: 5000, bytes_received: 5000, state: 'established', comm: 'endpoint' },
  },
  {
    id: 'A3',
    name: 'SO_LINGER 0',
    family: 'ipv4',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:2000 flush linger0 close',
    sender: 'client',
    // The kernel has no name of its own for it: it is what disconnect() does.
    reason: 'tcp_state',
    row: { linger_zero: true, unread: 0, state: 'established', comm: 'endpoint', bytes_sent: 2000 },
  },
  {
    id: 'A3b',
    name: 'TCP_LINGER2 below 0: no FIN-WAIT-2',
    family: 'ipv4',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain wait close',
    client: 'connect:7000 send:100 flush linger2:-1 shutdown state:5 close',
    sender: 'client',
    reason: 'tcp_abort_on_linger',
    row: { state: 'fin_wait2' },
  },
  {
    id: 'A3c',
    name: 'connect() to nowhere on a connected socket',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:100 flush disconnect close',
    sender: 'client',
    reason: 'tcp_state',
    row: { linger_zero: false, state: 'established' },
  },
  {
    id: 'A3d',
    name: 'the same with data that a closed window holds back',
    family: 'ipv4',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain nonblock send:1000000 shutdown disconnect close',
    client: 'rcvbuf:4096 connect:7000 shutdown wait drain close',
    sender: 'server',
    reason: 'tcp_disconnect_with_data',
    row: { state: 'last_ack' },
  },
  {
    id: 'A3e',
    name: 'data comes after close()',
    family: 'ipv4',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain sleep:100 send:100 error close',
    client: 'connect:7000 send:100 flush linger2:100 close',
    sender: 'client',
    reason: 'tcp_abort_on_data',
    row: { state: 'fin_wait2' },
    received: 0,
  },
  {
    id: 'A3f',
    name: 'data comes to a socket in TIME-WAIT',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 accept drain sleep:100 send:100 error close',
    client: 'connect:7000 send:100 flush close',
    sender: 'client',
    reason: 'tcp_timewait_socket',
    row: { has_socket: false },
  },
  {
    id: 'A5b',
    name: 'the accept queue is full and the kernel says so (tcp_abort_on_overflow)',
    family: 'ipv4',
    path: relay('out:delay=40:any'),
    setup: { server: ['sysctl -qw net.ipv4.tcp_abort_on_overflow=1'] },
    server: 'listen:7000:3 wait close',
    client: 'fork:3 times:2 connect:7000 keep done wait done',
    midway: async ({ server }) => {
      await until('2 resets', () => server.nstat()['TcpOutRsts'] === 2);
      return {};
    },
    sender: 'server',
    reason: 'invalid_syn',
    count: 2,
  },
  {
    id: 'A7',
    name: 'keepalive gives up',
    family: 'ipv4',
    path: relay('out:drop:ack:4-', 'out:delay=1:any'),
    server: 'keepalive:1:1:2 listen:7000 accept recv:100 error close',
    client: 'connect:7000 send:100 flush wait linger0 close',
    sender: 'server',
    reason: 'tcp_keepalive_timeout',
    row: { state: 'established', comm: 'endpoint' },
    slow: true,
  },
  {
    id: 'A8',
    name: 'an ACK of what was never sent answers a SYN',
    family: 'ipv4',
    path: relay('out:reply=A,0,1000:syn:1', 'out:drop:syn:1'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:100 flush close',
    sender: 'client',
    reason: 'tcp_invalid_ack_sequence',
    row: { state: 'syn_sent' },
  },
  {
    id: 'A8b',
    name: 'a SYN-ACK echoes a timestamp of somebody else',
    family: 'ipv6',
    path: relay('back:tsecr:synack:1', 'back:delay=1:any'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:100 flush close',
    sender: 'client',
    reason: 'tcp_rfc7323_paws',
    row: { state: 'syn_sent' },
    excused: EMBRYONIC,
  },
  {
    id: 'A8c',
    name: 'half-open: data for a connection that the server has forgotten',
    family: 'ipv4',
    path: relay('back:drop:rst:1', 'out:delay=1:any'),
    server: 'listen:7000 accept linger0 close wait wait',
    client: 'connect:7000 wait send:100 error close',
    midway: async () => ({}),
    sender: 'server',
    reason: 'tcp_flags',
    // The listener's process, the packet's ends.
    row: { state: 'listen', comm: 'endpoint', local_port: 7000, peer_addr: '10.77.0.1' },
  },
  {
    id: 'A8d',
    name: 'simultaneous open, and an ACK of what was never sent',
    family: 'ipv4',
    path: relay('out:reply=S,0,0:syn:1', 'out:drop:syn:1', 'out:reply=A,1,77:synack:1', 'out:reply=R,0,0:synack:1', 'out:drop:synack'),
    server: 'listen:7000 wait close',
    client: 'connect:7000 error close',
    sender: 'client',
    reason: 'tcp_ack_unsent_data',
    row: { state: 'syn_recv' },
  },
  {
    id: 'A8e',
    name: 'simultaneous open, and an ACK from long ago',
    family: 'ipv6',
    path: relay('out:reply=S,0,0:syn:1', 'out:drop:syn:1', 'out:reply=A,1,-2:synack:1', 'out:reply=R,0,0:synack:1', 'out:drop:synack'),
    server: 'listen:7000 wait close',
    client: 'connect:7000 error close',
    sender: 'client',
    reason: 'tcp_too_old_ack',
    row: { state: 'syn_recv' },
  },
  {
    id: 'A9',
    name: 'MPTCP: a second subflow is not allowed',
    family: 'ipv4',
    path: relay('out:delay=1:any'),
    setup: {
      client: ['ip addr add 10.77.0.3/24 dev eth0', 'ip mptcp limits set subflow 2', 'ip mptcp endpoint add 10.77.0.3 subflow'],
      server: ['ip mptcp limits set subflow 0'],
    },
    server: 'mptcp listen:7000 accept recv:100 send:100 drain close',
    client: 'mptcp connect:7000 send:100 recv:100 wait close',
    midway: async ({ server }) => {
      await until('a subflow turned away', () => server.nstat()['MPTcpExtMPJoinRejected'] === 1);
      return {};
    },
    sender: 'server',
    reason: 'mptcp_rst_eprohibit',
    row: { peer_addr: '10.77.0.3' },
  },
];

export const resetReasons: readonly Scenario[] = reasons.map(
  ({ reason, sender, row = {}, count = 1, received, ...scenario }): Scenario => ({
    ...PLAIN,
    ...scenario,
    happened: (seen) => expect(seen[sender].nstat['TcpOutRsts']).toBeGreaterThanOrEqual(count),
    causes: ({ client, server }) => [...resetsSent(server), ...resetsSent(client), ...resetsReceived(client)],
    says: (seen) => {
      const own = resetsSent(seen[sender]).filter((each) => each.reason === reason);
      expect(own, `${sender}'s resets`).toHaveLength(count);
      for (const each of own) expect(each).toMatchObject(row);
      if (received !== undefined) {
        expect(resetsReceived(seen[sender])).toHaveLength(received);
        expect(ends(seen[sender])).toMatchObject([{ end_reason: 'rst_sent' }]);
      }
    },
  }),
);
