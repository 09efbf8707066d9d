// What kept data from flowing faster.
import { formatCount, formatDurationUs, formatRatio } from '../../../format.ts';
import type { Look } from './finding.ts';

const SHARE = 0.25;

export const limitedByReceiver: Look = ({ limits: { receiver } }) =>
  receiver >= SHARE
    ? {
        whose: 'the peer',
        words: `Its receive window was full for ${formatRatio(receiver)} of the time: it reads too slowly, or its buffer is too small.`,
      }
    : undefined;

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
