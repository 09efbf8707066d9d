// Who ended the connection, and what for.
import { formatBytes, formatCount, formatDurationUs } from '../../../format.ts';
import { resetReason } from '../../../reason-words.ts';
import type { Look } from './finding.ts';

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

export const gaveUp: Look = ({ end_reason, unacked, probes_out }) => {
  if (end_reason !== 'timeout') return undefined;
  const left = unacked
    ? `${formatBytes(unacked)} never acknowledged`
    : probes_out
      ? `${formatCount(probes_out)} probes unanswered`
      : 'no answer';
  return { whose: 'not known', words: `Given up with ${left}: the peer is gone, or nothing passes on the way any more.` };
};
