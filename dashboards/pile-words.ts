// What it means if sockets in a state, TIME_WAITs, or used local ports pile up, and what helps. Pure.
import type { Closer, Pile, Piles, PortUse } from '../server/api.ts';
import { formatBytes, formatCount, formatDurationUs, formatEndpoint, formatNumber, formatRatio } from './format.ts';
import type { Severity } from './verdicts.ts';

const S = 1_000_000;
/** A correct application closes within this time after the end of the stream. */
const CLOSES_US = 10 * S;
/** After this time the problem is certain. */
const LONG_US = 60 * S;
/** Share of the range of local ports from which somebody should act. */
const PORTS_WARN = 0.8;
const PORTS_BAD = 0.95;
/** Number of TIME_WAITs from which the host notices, and people worry. */
export const TIME_WAITS_MANY = 5000;

const count = (number: number, one: string, many = `${one}s`) => `${formatCount(number)} ${number === 1 ? one : many}`;
export const growthOf = ({ connections, before }: Pick<Pile, 'connections' | 'before'>): number => connections - before;

/** How bad a pile is, by the time that its connections have spent in the state. */
export function pileSeverity(pile: Pile): Severity {
  const { state } = pile;
  const oldest_us = pile.oldest_us ?? 0;
  if (state === 'close_wait') return oldest_us < CLOSES_US ? 'none' : growthOf(pile) > 0 || oldest_us >= LONG_US ? 'bad' : 'warn';
  return state !== 'established' && oldest_us >= LONG_US ? 'warn' : 'none';
}

/** What a connection in the state waits for, and from whom. */
const WAITS_FOR = {
  established: ({ oldest_us }) =>
    `${oldest_us === null ? 'So many more opened in this time than ended.' : 'Opened in this time, or first met in it, and still open.'} Where more open than end, somebody keeps them: a pool, or a leak.`,
  syn_sent: () => 'It asked to connect and has no answer yet: the peer or the path to it is silent.',
  syn_recv: () => 'The last ACK of the handshake has not come.',
  fin_wait1: () =>
    'Closed here, and the peer has not acknowledged it: what was written before goes out first, so a peer that does not read holds it, or one that is gone.',
  fin_wait2: () =>
    'Closed here and acknowledged: it waits for the peer to close. Either the process has only shut down sending and holds it still, or it may wait for longer than 60 s (TCP_LINGER2, tcp_fin_timeout); other closed sockets in this state the kernel counts as TIME_WAITs.',
  close_wait: (pile) => closeWait(pile),
  last_ack: () => 'Both sides have closed, and the peer does not acknowledge the last FIN, or what was written before it.',
  closing: () => 'Both sides closed at the same time; the acknowledgement of the FIN has not come.',
} as const satisfies Record<Pile['state'], (pile: Pile) => string>;

function closeWait(pile: Pile): string {
  const { quiet_us, unread } = pile;
  const oldest_us = pile.oldest_us ?? 0;
  const grown = growthOf(pile);
  const judged =
    oldest_us < CLOSES_US
      ? 'Not for long so far: an application takes a moment to close.'
      : 'close() is missing in it: each keeps a file open for as long as the process runs. That is no limit to be raised.';
  const growth =
    grown > 0 &&
    `${formatCount(grown)} more than when the range began${quiet_us === null ? '' : `, and none has moved data for ${formatDurationUs(quiet_us)}`}.`;
  const left = unread > 0 && `${formatBytes(unread)} wait unread: it has not read to the end.`;
  return ['The peer has closed, this application has not.', judged, growth, left].filter(Boolean).join(' ');
}

export const pileWords = (pile: Pile): string => WAITS_FOR[pile.state](pile);

export const closerSeverity = ({ last_minute }: Closer): Severity => (last_minute >= TIME_WAITS_MANY ? 'warn' : 'none');

/** Says how a long range is answered. */
export const establishedWords = {
  still_open: '',
  opened_less_ended:
    'Of so long a time, sockets that wait were looked at around the end of each step. Of established ones it is told how many more opened than ended, and local ports are those of its last two hours.',
  not_known:
    'Of so long a time, sockets that wait were looked at around the end of each step, and local ports are those of its last two hours. Established connections are told of up to 8 days.',
} as const satisfies Record<Piles['established'], string>;

/** Which side closes first, what that leaves behind, what helps, and what does not. */
export function closerWords({ closed_first, peer_first, closed_first_per_s, role }: Closer): string {
  if (closed_first === 0) return 'The peer closes first: the TIME_WAITs are there, none here.';
  const share = closed_first + peer_first;
  const who = peer_first === 0 ? 'This side closes first' : `This side closed ${formatRatio(closed_first / share)} of them first`;
  const held =
    role === 'client'
      ? 'each keeps its local port toward this destination for 60 s'
      : 'each takes some memory for 60 s, and no port: a server’s are all its own one';
  const helps =
    role === 'client'
      ? 'Keeping connections and using them again helps, and so does a peer that closes first.'
      : 'Clients that keep their connections help, and those that close first.';
  return `${who}, ${formatNumber(closed_first_per_s)} a second; ${held}. tcp_fin_timeout does not change that. ${helps}`;
}

/** Share of used ports; null if the range of ports is unknown. */
export const portShare = ({ used, range }: PortUse): number | null => (range === null ? null : Math.min(1, used / range));

export function portSeverity(use: PortUse): Severity {
  const share = portShare(use);
  if (use.failed > use.failed_bound) return 'bad';
  if (share === null) return use.failed > 0 ? 'warn' : 'none';
  return share >= PORTS_BAD ? 'bad' : share >= PORTS_WARN || use.failed > 0 ? 'warn' : 'none';
}

export function portWords(use: PortUse): string {
  const { failed, failed_bound, range, full_in_s, local_addr, peer_addr, peer_port } = use;
  const share = portShare(use);
  const none = failed - failed_bound;
  const toward = `from ${local_addr} toward ${formatEndpoint(peer_addr, peer_port)}`;
  const parts = [
    none > 0 &&
      `${count(none, 'connect')} found no local port ${toward} (EADDRNOTAVAIL)${range === null ? '' : `: it chooses from ${formatCount(range)}`}. Nothing was sent, so neither the network nor the peer had part in it.`,
    failed_bound > 0 && `${count(failed_bound, 'connect')} of sockets bound to one port found that taken toward this destination.`,
    none === 0 &&
      share !== null &&
      share >= PORTS_WARN &&
      `${formatRatio(share)} of the local ports ${toward} are in use; when all are, connect() fails.`,
    none === 0 &&
      full_in_s !== null &&
      share !== null &&
      share >= PORTS_WARN &&
      full_in_s > 0 &&
      `As it grows, that is in ${formatDurationUs(full_in_s * S)}.`,
    (none > 0 || (share !== null && share >= PORTS_WARN)) &&
      'Keeping connections and using them again helps; so do more addresses at either end, and a wider ip_local_port_range.',
  ];
  return parts.filter(Boolean).join(' ');
}
