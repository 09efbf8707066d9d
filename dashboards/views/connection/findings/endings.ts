// Who ended the connection, and what for.
import { formatBytes, formatCount, formatDurationUs } from '../../../format.ts';
import { resetReason } from '../../../reason-words.ts';
import type { Look } from './finding.ts';
import { isKeptHere } from './this-host.ts';

const IDLE_US = 30_000_000;

export const resetAfterIdle: Look = ({ resets }) => {
  const reset = resets.find(({ direction, idle_us }) => direction === 'received' && idle_us >= IDLE_US);
  if (reset === undefined) return undefined;
  return {
    whose: 'not known',
    words: `The reset came ${formatDurationUs(reset.idle_us)} after the peer was last heard: it, or a device on the way, had given the idle connection up.`,
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
  if (end_reason !== 'timeout' || isKeptHere(connection)) return undefined;
  // A probe that is answered is taken back from their count.
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
