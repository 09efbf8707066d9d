// Sentences about one connection. Pure: the panel only places them.
import type { Connection } from '../../../server/api.ts';
import { formatBytes, formatCount, formatDurationUs, formatEndpoint, formatName } from '../../format.ts';
import { END_REASON_WORDS, errnoName, OWNER_WORDS, ROLE_ARROWS, ROLE_WORDS, STATE_WORDS } from '../../words.ts';

/** `client → server`, whichever of them this host is; if that is unknown, the local end comes first. */
export function endsOf(connection: Pick<Connection, 'role' | 'local_addr' | 'local_port' | 'peer_addr' | 'peer_port'>): string {
  const local = formatEndpoint(connection.local_addr, connection.local_port);
  const peer = formatEndpoint(connection.peer_addr, connection.peer_port);
  return `${local} ${ROLE_ARROWS[connection.role]} ${peer}`;
}

/** When and why it ended, or that it is open. */
export function endOf(connection: Connection): string {
  const { words } = END_REASON_WORDS[connection.end_reason];
  const ended = connection.closed_ms === null && connection.end_reason === 'none' ? 'still open' : words;
  const errno = errnoName(connection.sk_err);
  return errno === '' ? ended : `${ended} (${errno})`;
}

const STATE_ORDER = Object.keys(STATE_WORDS) as (keyof typeof STATE_WORDS)[];

const HANDSHAKE: ReadonlySet<Connection['state']> = new Set(['syn_sent', 'syn_recv', 'new_syn_recv']);

/** How long it lived, or has lived so far; with "since" if its begin was not seen. */
export function lifeOf({ opened_ms, closed_ms, from_ms, to_ms, states }: Connection, now_ms: number): string {
  const began = opened_ms ?? from_ms;
  const length = formatDurationUs(Math.max(0, (closed_ms ?? Math.max(now_ms, to_ms)) - began) * 1000);
  // The begin was seen, so this is a connect that has not succeeded, and not a connection from before the agent's start.
  if (opened_ms === null && HANDSHAKE.has(states[0]?.state ?? 'unknown'))
    return `${length}, ${closed_ms === null ? 'not open yet' : 'never open'}`;
  return opened_ms === null ? `at least ${length}, opened before it was watched` : length;
}

/** The owner of the connection, and how the owner is known. */
export const ownerOf = ({ owner, role }: Connection): string => `${ROLE_WORDS[role]}; ${OWNER_WORDS[owner]}`;

/** The socket's count of retransmissions, with the number that no row explains. */
export function retransWords({ total_retrans, unattributed, retrans_spurious }: Connection): string {
  if (total_retrans === null) return 'not known until it closes or is sampled';
  if (total_retrans === 0) return 'none';
  const count = `${formatCount(total_retrans)} ${total_retrans === 1 ? 'segment' : 'segments'}`;
  const spurious = retrans_spurious ? `; ${formatCount(retrans_spurious)} not needed, so no loss` : '';
  if (unattributed === null) return count + spurious;
  if (unattributed === 0) return `${count}, each explained by a row below${spurious}`;
  return `${count}, of which ${formatCount(unattributed)} happened unseen: no row says why${spurious}`;
}

/** How long one side took to answer the other, on average. */
export function turnWords({ role, turns, turn_us, turn_max_us }: Connection): string {
  if (turns === null || turn_us === null) return 'not known until it closes or is sampled';
  if (turns === 0 || role === 'unknown') return 'no answers seen';
  const whose = role === 'client' ? 'the peer, its path included' : 'this process';
  const longest = turn_max_us === null ? '' : `, the longest ${formatDurationUs(turn_max_us)}`;
  return `${formatDurationUs(turn_us / turns)} on average by ${whose}, ${formatCount(turns)}×${longest}`;
}

/** How long a transfer under way stood still. */
export function stallWords({ stall_max_us, bytes_sent }: Connection): string {
  if (stall_max_us !== null) return `for up to ${formatDurationUs(stall_max_us)}`;
  return bytes_sent === null ? 'not known until it closes or is sampled' : 'not seen to';
}

/** Data that was left unread, unsent or unacknowledged; "nothing" if there was none. */
export function leftWords({ unread, notsent, unacked, probes_out, closed_ms }: Connection): string {
  if (unread === null && unacked === null) return 'not known until it closes or is sampled';
  const left = [
    unread ? `${formatBytes(unread)} unread` : '',
    notsent ? `${formatBytes(notsent)} not sent` : '',
    unacked ? `${formatBytes(unacked)} not acknowledged` : '',
    probes_out ? `${formatCount(probes_out)} ${probes_out === 1 ? 'probe' : 'probes'} unanswered` : '',
  ].filter(Boolean);
  return left.length === 0 ? 'nothing' : `${left.join(', ')}${closed_ms === null ? ' as of the last sample' : ''}`;
}

/** The congestion control, and whether keepalive is on. */
export const controlWords = ({ congestion_control, keepalive }: Connection): string =>
  congestion_control === ''
    ? 'not known until it closes or is sampled'
    : `${formatName(congestion_control)}${keepalive ? ', keepalive on' : ''}`;

/** Time in each state, as the kernel program has summed it: complete even if a budget withheld rows of changes. */
export function stateWords({ state_us }: Connection): string {
  const stays = STATE_ORDER.flatMap((state) => {
    const us = state_us[state];
    return us ? [`${STATE_WORDS[state].label} ${formatDurationUs(us)}`] : [];
  });
  return stays.length === 0 ? 'told when it closes' : stays.join(', ');
}

export function bytesWords({ bytes_sent, bytes_received }: Connection): string {
  if (bytes_sent === null && bytes_received === null) return 'not known until it closes or is sampled';
  return `${formatBytes(bytes_sent ?? 0)} sent, ${formatBytes(bytes_received ?? 0)} received`;
}
