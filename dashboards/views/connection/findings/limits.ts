// What limited the rate of the data.
import { formatCount, formatDurationUs, formatRatio } from '../../../format.ts';
import { type Look, lifeUs } from './finding.ts';
import { lostSegments, repairUs } from './losses.ts';

const SHARE = 0.25;
/** If recovery takes at least this share of the life, a full receive window is not attributed to the peer alone. */
const REPAIR_SHARE = 0.1;

export const limitedByReceiver: Look = (connection) => {
  const { receiver } = connection.limits;
  if (receiver < SHARE) return undefined;
  const full = `receive window was full for ${formatRatio(receiver)} of the time`;
  // Data behind a lost segment stays in the peer's receive buffer until the gap is filled, since its application cannot read it yet.
  if (lostSegments(connection) > 0 && repairUs(connection) >= REPAIR_SHARE * lifeUs(connection))
    return { whose: 'the path', words: `The peer’s ${full}, much of it holding what came after lost segments.` };
  return { whose: 'the peer', words: `Its ${full}: it reads too slowly, or its buffer is too small.` };
};

export const limitedBySender: Look = ({ limits: { sender } }) =>
  sender >= SHARE
    ? {
        whose: 'this process',
        words: `Its send buffer was full for ${formatRatio(sender)} of the time: a larger one would keep the path busy.`,
      }
    : undefined;

export const slowStartAfterIdle: Look = ({ idle_restarts, idle_restart_us }) => {
  if (!idle_restarts) return undefined;
  const pause = idle_restart_us === null ? 'a pause' : `pauses of up to ${formatDurationUs(idle_restart_us)}`;
  const times = idle_restarts === 1 ? 'once' : `${formatCount(idle_restarts)} times`;
  return {
    whose: 'this host',
    words: `Its congestion window was cut ${times} because nothing had been sent for a while (${pause}): what came next started slowly, without any loss. net.ipv4.tcp_slow_start_after_idle=0 keeps the window.`,
  };
};
