// Words for the kernel's reasons of resets and drops. The kernel has more reasons than are listed here, and other kernels have others: a
// reason that is not listed is shown by its name.
import type { DropGroup, ResetGroup } from '../server/api.ts';
import { formatName } from './format.ts';

type Said = { label: string; meaning: string };

/** A segment that does not fit where the connection is: late, forged, or of an earlier connection. */
const STRAY = 'a segment that does not fit where the connection is: late, or of an earlier one';

/** With this option each close() sends a reset, whatever reason the kernel gives. */
const LINGER: Said = { label: 'process asked for it', meaning: 'the process closes by a reset: SO_LINGER with 0 seconds is set' };

export const RESET_REASONS: Readonly<Record<string, Said>> = {
  not_specified: { label: 'no reason given', meaning: 'the kernel does not say why' },
  no_socket: { label: 'nobody listens', meaning: 'a segment came for a port that no process listens on, or for a connection that is gone' },
  tcp_abort_on_close: {
    label: 'closed with data unread',
    meaning: 'the process closed while received bytes were still waiting to be read',
  },
  tcp_abort_on_data: { label: 'data after close', meaning: 'data came after the process had closed' },
  tcp_abort_on_linger: LINGER,
  tcp_abort_on_memory: { label: 'no memory', meaning: 'TCP’s memory, or its number of orphans, was used up' },
  tcp_timewait_socket: { label: 'time wait', meaning: 'a late segment for a connection in time wait' },
  tcp_state: { label: 'closed in between', meaning: 'closed in a state in which a reset is all that is left to say' },
  tcp_keepalive_timeout: { label: 'keepalive gave up', meaning: 'the peer stopped answering keepalive probes' },
  tcp_disconnect_with_data: { label: 'disconnected with data', meaning: 'the process disconnected with data unsent' },
  invalid_syn: { label: 'SYN out of place', meaning: 'a SYN came for a connection that was open' },
  tcp_invalid_ack_sequence: { label: 'stray ACK', meaning: STRAY },
  tcp_ack_unsent_data: { label: 'stray ACK', meaning: STRAY },
  tcp_too_old_ack: { label: 'stray ACK', meaning: STRAY },
  tcp_old_ack: { label: 'stray ACK', meaning: STRAY },
  tcp_rfc7323_paws: { label: 'stray segment', meaning: STRAY },
  tcp_flags: { label: 'stray segment', meaning: STRAY },
};

const FIREWALL = 'by this host’s firewall (netfilter), neither by the network nor by the peer';
const READER = 'the process reads too slowly: not the network';
const KNOWN = 'it had come before: nothing is missing';
const QUEUE = 'this host’s own send queue or shaper dropped it: not the network';

export const DROP_REASONS: Readonly<Record<string, Said>> = {
  not_specified: { label: 'no reason given', meaning: 'the kernel does not say why' },
  netfilter_drop: { label: 'this host’s firewall', meaning: FIREWALL },
  no_socket: { label: 'nobody listens', meaning: 'no socket for it here: closed port, or a connection that is gone' },
  socket_filter: { label: 'socket filter', meaning: 'a filter that the process attached dropped it' },
  bpf_cgroup_egress: { label: 'cgroup program', meaning: 'a BPF program of its cgroup dropped it on the way out' },
  tc_ingress: { label: 'tc program', meaning: 'a traffic-control program of this host dropped it on the way in' },
  tc_egress: { label: 'tc program', meaning: 'a traffic-control program of this host dropped it on the way out' },
  xdp: { label: 'XDP program', meaning: 'a program at the network card dropped it' },
  tcp_listen_overflow: { label: 'accept queue full', meaning: 'the process takes connections too slowly: not the network' },
  tcp_reqqfulldrop: { label: 'SYN queue full', meaning: 'too many handshakes under way at this listener' },
  tcp_zerowindow: { label: 'window closed', meaning: READER },
  socket_rcvbuff: { label: 'receive buffer full', meaning: READER },
  tcp_ofo_queue_prune: { label: 'receive buffer full', meaning: READER },
  socket_backlog: { label: 'backlog full', meaning: 'the process or its CPU could not keep up: not the network' },
  cpu_backlog: { label: 'CPU backlog full', meaning: 'this host’s CPUs could not keep up with what came in' },
  proto_mem: { label: 'no TCP memory', meaning: 'TCP’s memory on this host (tcp_mem) was used up' },
  nomem: { label: 'no memory', meaning: 'this host had no memory for it' },
  tcp_old_data: { label: 'had it already', meaning: KNOWN },
  tcp_ofomerge: { label: 'had it already', meaning: KNOWN },
  tcp_overwindow: { label: 'outside the window', meaning: 'more than this side had room for' },
  tcp_csum: { label: 'checksum wrong', meaning: 'damaged on the way' },
  tcp_rfc7323_paws: { label: 'stray segment', meaning: STRAY },
  tcp_invalid_sequence: { label: 'stray segment', meaning: STRAY },
  tcp_old_sequence: { label: 'had it already', meaning: KNOWN },
  tcp_too_old_ack: { label: 'stray ACK', meaning: STRAY },
  tcp_old_ack: { label: 'stray ACK', meaning: STRAY },
  tcp_ack_unsent_data: { label: 'stray ACK', meaning: STRAY },
  tcp_close: { label: 'closing', meaning: 'came for a connection that was being closed' },
  tcp_flags: { label: 'flags out of place', meaning: STRAY },
  tcp_reset: { label: 'out-of-place reset', meaning: STRAY },
  qdisc_drop: { label: 'this host’s send queue', meaning: QUEUE },
  qdisc_overlimit: { label: 'this host’s send queue', meaning: QUEUE },
  qdisc_congested: { label: 'this host’s send queue', meaning: QUEUE },
  full_ring: { label: 'this host’s send ring', meaning: 'the network card’s queue was full' },
  dev_ready: { label: 'interface down', meaning: 'the interface was not up' },
  ip_outnoroutes: { label: 'no route', meaning: 'this host has no route there' },
  ip_rpfilter: { label: 'reverse-path filter', meaning: 'this host expects that address on another interface' },
  neigh_failed: { label: 'next hop silent', meaning: 'the next hop did not answer ARP or neighbour discovery' },
  neigh_queuefull: { label: 'next hop silent', meaning: 'waited for ARP or neighbour discovery behind too many others' },
};

const byName = (table: Readonly<Record<string, Said>>, name: string, fallback: string): Said =>
  table[name.toLowerCase()] ?? { label: formatName(name), meaning: fallback };

/** Why a reset was sent. For a received reset only its sender knows. */
export function resetReason({ direction, reason, linger_zero }: Pick<ResetGroup, 'direction' | 'reason' | 'linger_zero'>): Said {
  if (direction === 'sent' && linger_zero) return LINGER;
  if (reason === '' || direction === 'received') {
    if (direction === 'received')
      return { label: 'only its sender knows', meaning: 'a reset carries no reason: the peer sent it, or a device on the way' };
    return { label: 'not told', meaning: 'kernels before 6.10 do not say why they send a reset' };
  }
  return byName(RESET_REASONS, reason, `the kernel’s own name: ${formatName(reason)}`);
}

/** What it means that the kernel freed a packet without delivery. Only the first of these is a drop. */
export const MEANING_WORDS = {
  lost: { label: 'dropped', meaning: 'it is missing: somebody has to send it again' },
  answered: { label: 'answered', meaning: 'it did its work and was freed then: a probe, a late ACK, a FIN for a connection in time wait' },
  duplicate: { label: 'duplicate', meaning: 'what it carries had come before: the peer had no need to send it again' },
  refused: { label: 'refused', meaning: 'nobody here wanted it, and a reset said so: see the resets' },
} as const satisfies Record<DropGroup['meaning'], Said>;

/** Why a packet was freed, and for a drop who caused it, as far as the reason tells. */
export function dropReason({ reason, meaning }: Pick<DropGroup, 'reason' | 'meaning'>): Said {
  if (reason === '') return { label: 'not told', meaning: 'kernels before 5.17 do not say why they drop a packet' };
  const said = byName(DROP_REASONS, reason, `the kernel’s own name: ${formatName(reason)}`);
  return meaning === 'lost' ? said : { label: said.label, meaning: MEANING_WORDS[meaning].meaning };
}

export const DIRECTION_WORDS = {
  unknown: { label: '–', meaning: 'which way is not known' },
  sent: { label: 'sent', meaning: 'by this host' },
  received: { label: 'received', meaning: 'came in: from the peer, or a device on the way' },
} as const satisfies Record<ResetGroup['direction'], Said>;

/** The direction of a dropped packet. */
export const DROP_DIRECTION_WORDS = {
  unknown: { label: 'passing through', meaning: 'on its way between two others, of which no connection is known here' },
  sent: { label: 'going out', meaning: 'it never left this host' },
  received: { label: 'coming in', meaning: 'it had arrived at this host' },
} as const satisfies Record<DropGroup['direction'], Said>;

/** In the order of the header's bits, lowest first. */
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** `SYN ACK`; a dash for none. */
export const flagWords = (flags: number): string => TCP_FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0).join(' ') || '–';
