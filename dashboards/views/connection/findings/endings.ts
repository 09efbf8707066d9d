// Who ended the connection, and why.
import type { Connection } from '../../../../server/api.ts';
import { formatBytes, formatCount, formatDurationUs, formatName } from '../../../format.ts';
import { resetReason } from '../../../reason-words.ts';
import type { Look } from './finding.ts';
import { isDroppedThere } from './peer.ts';
import { isKeptHere } from './this-host.ts';

const IDLE_US = 30_000_000;

/** Assumed limit of the difference between two hosts' clocks, ms. */
const CLOCKS_MS = 1000;

/** Whether the other end sent the reset that came in; undefined if the other end is not watched. */
function peerSentReset({ host_id, other_end, resets }: Connection): boolean | undefined {
  const came = resets.find(({ direction }) => direction === 'received');
  if (!other_end || came === undefined) return undefined;
  const skew_ms = other_end.host_id === host_id ? 0 : (other_end.clock_error_ms ?? CLOCKS_MS);
  return other_end.reset_sent_ms !== null && other_end.reset_sent_ms <= Number(came.time_ns) / 1e6 + skew_ms;
}

export const resetOnTheWay: Look = (connection) =>
  peerSentReset(connection) === false
    ? {
        whose: 'the path',
        words: `The reset was not the peer’s: ${formatName(connection.other_end?.host ?? '')} is watched too and sent none before it came. A device on the way (firewall, load balancer, NAT) sent it.`,
      }
    : undefined;

export const resetByPeer: Look = (connection) =>
  peerSentReset(connection) === true
    ? { whose: 'the peer', words: `The peer sent the reset: ${formatName(connection.other_end?.host ?? '')} is watched too, and says so.` }
    : undefined;

export const resetAfterIdle: Look = (connection) => {
  const reset = connection.resets.find(({ direction, idle_us }) => direction === 'received' && idle_us >= IDLE_US);
  if (reset === undefined) return undefined;
  const sent = peerSentReset(connection);
  const who = sent === undefined ? 'it, or a device on the way,' : sent ? 'it' : 'a device on the way';
  return {
    whose: sent === undefined ? 'not known' : sent ? 'the peer' : 'the path',
    words: `The reset came ${formatDurationUs(reset.idle_us)} after the peer was last heard: ${who} had given the idle connection up.`,
  };
};

export const resetBySelf: Look = ({ resets }) => {
  const reset = resets.find(({ direction }) => direction === 'sent');
  if (reset === undefined) return undefined;
  const unread = reset.unread > 0 ? `, with ${formatBytes(reset.unread)} unread` : '';
  return { whose: 'this host', words: `Sent the reset: ${resetReason(reset).meaning}${unread}.` };
};

export const gaveUp: Look = (connection) => {
  const { end_reason, unacked, notsent, probes_out, snd_wnd, unheard_us } = connection;
  if (end_reason !== 'timeout' || isKeptHere(connection) || isDroppedThere(connection)) return undefined;
  // The kernel counts only unanswered probes: 0 means that the last one was answered.
  if (snd_wnd === 0 && probes_out === 0 && unheard_us !== null && connection.opened_ms !== null)
    return {
      whose: 'the peer',
      words: `Given up with the peer’s receive window closed and ${formatBytes((notsent ?? 0) + (unacked ?? 0))} waiting: it answered every probe, the last ${formatDurationUs(unheard_us)} before the end. It is there, and its application does not read.`,
    };
  const heard = unheard_us ? ` The peer was last heard ${formatDurationUs(unheard_us)} before.` : '';
  const left = unacked
    ? `${formatBytes(unacked)} never acknowledged`
    : probes_out
      ? `${formatCount(probes_out)} probes unanswered`
      : 'no answer';
  return { whose: 'not known', words: `Given up with ${left}: the peer is gone, or nothing passes on the way any more.${heard}` };
};
