// What stands out in one connection, each with its evidence and whose doing it is as far as that can be told. Pure. Nothing is
// said without evidence: an empty list means that nothing stood out.
import type { Connection } from '../../../server/api.ts';
import { formatBytes, formatCount, formatDurationUs, formatRatio } from '../../format.ts';
import { dropReason, resetReason } from '../../reason-words.ts';

export type Finding = { whose: Whose; words: string };
export type Whose = 'this process' | 'the peer' | 'this host' | 'the path' | 'not loss' | 'not known';

/** Below these, a wait is not worth a sentence. */
const SLOW_ANSWER_US = 50_000;
const SLOW_ANSWER_TIMES = 10;
const HANDSHAKE_RETRY_US = 900_000;
const IDLE_US = 30_000_000;
const SHARE = 0.25;
const CLOSE_WAIT_US = 10_000_000;

const segments = (count: number) => `${formatCount(count)} ${count === 1 ? 'segment' : 'segments'}`;

/** A usual round trip of the connection, µs; 0 unknown. */
const roundTripUs = ({ rtt_min_us, srtt_max_us }: Connection) => rtt_min_us ?? srtt_max_us ?? 0;

type Look = (connection: Connection) => Finding | undefined;

const slowAnswers: Look = (connection) => {
  const { role, turns, turn_us } = connection;
  if (!turns || turn_us === null) return undefined;
  const answer_us = turn_us / turns;
  const round_us = roundTripUs(connection);
  if (answer_us < SLOW_ANSWER_US || answer_us < SLOW_ANSWER_TIMES * round_us) return undefined;
  const took = formatDurationUs(answer_us);
  if (role === 'server')
    return { whose: 'this process', words: `It took ${took} on average from a request to the answer, ${formatCount(turns)} times.` };
  const path = round_us > 0 ? `a round trip only ${formatDurationUs(round_us)}` : 'retransmissions do not explain it';
  const resent = connection.total_retrans ?? 0;
  // Where much was sent again, a long wait can be the path's.
  if (role !== 'client' || resent > turns / 10) return undefined;
  return {
    whose: 'the peer',
    words: `Answers took ${took} on average, ${path}: the time goes by in the applications, most likely the peer’s, not in the network.`,
  };
};

const slowHandshake: Look = ({ connect_us, role }) =>
  connect_us !== null && connect_us >= HANDSHAKE_RETRY_US && role === 'client'
    ? {
        whose: 'not known',
        words: `The handshake took ${formatDurationUs(connect_us)}: a SYN or its answer was lost, filtered, or met a full accept queue at the peer.`,
      }
    : undefined;

const limitedByReceiver: Look = ({ limits: { receiver } }) =>
  receiver >= SHARE
    ? {
        whose: 'the peer',
        words: `Its receive window was full for ${formatRatio(receiver)} of the time: it reads too slowly, or its buffer is too small.`,
      }
    : undefined;

const limitedBySender: Look = ({ limits: { sender } }) =>
  sender >= SHARE
    ? {
        whose: 'this process',
        words: `Its send buffer was full for ${formatRatio(sender)} of the time: a larger one would keep the path busy.`,
      }
    : undefined;

const slowStartAfterIdle: Look = ({ idle_restarts, idle_restart_us }) => {
  if (!idle_restarts) return undefined;
  const pause = idle_restart_us === null ? 'a pause' : `pauses of up to ${formatDurationUs(idle_restart_us)}`;
  const times = idle_restarts === 1 ? 'once' : `${formatCount(idle_restarts)} times`;
  return {
    whose: 'this host',
    words: `Its congestion window was cut ${times} because nothing had been sent for a while (${pause}): what came next started slowly, without any loss. net.ipv4.tcp_slow_start_after_idle=0 keeps the window.`,
  };
};

const slowReader: Look = ({ unread, resets, closed_ms }) => {
  if (!unread || resets.length > 0) return undefined;
  const left = `${formatBytes(unread)} that came`;
  return { whose: 'this process', words: closed_ms === null ? `It has not read ${left}.` : `It ended without reading ${left}.` };
};

const notNeeded: Look = ({ retrans_spurious, total_retrans }) =>
  retrans_spurious
    ? {
        whose: 'not loss',
        words: `${segments(retrans_spurious)} of ${formatCount(total_retrans ?? retrans_spurious)} sent again had not been lost: reordering, or a timer that fired too early.`,
      }
    : undefined;

const dropped: Look = ({ drops }) => {
  const byWhy = [...Map.groupBy(drops, (drop) => dropReason(drop).label)];
  const [most] = byWhy.toSorted(([, a], [, b]) => b.length - a.length);
  const first = most?.[1][0];
  if (most === undefined || first === undefined) return undefined;
  const packets = `${formatCount(most[1].length)} ${most[1].length === 1 ? 'packet' : 'packets'}`;
  return {
    whose: 'this host',
    words: `${packets} of it ${most[1].length === 1 ? 'was' : 'were'} dropped here: ${dropReason(first).meaning}.`,
  };
};

const resetAfterIdle: Look = ({ resets }) => {
  const reset = resets.find(({ direction, idle_us }) => direction === 'received' && idle_us >= IDLE_US);
  if (reset === undefined) return undefined;
  return {
    whose: 'not known',
    words: `The reset came ${formatDurationUs(reset.idle_us)} after the peer was last heard: it, or a device on the way, had given the idle connection up.`,
  };
};

const resetBySelf: Look = ({ resets }) => {
  const reset = resets.find(({ direction }) => direction === 'sent');
  if (reset === undefined) return undefined;
  const unread = reset.unread > 0 ? `, with ${formatBytes(reset.unread)} unread` : '';
  return { whose: 'this host', words: `Sent the reset: ${resetReason(reset).meaning}${unread}.` };
};

const leak: Look = ({ state, closed_ms, states, to_ms }) => {
  const stay = states.at(-1);
  if (state !== 'close_wait' || closed_ms !== null || stay === undefined) return undefined;
  const us = (to_ms - stay.from_ms) * 1000;
  if (us < CLOSE_WAIT_US) return undefined;
  return {
    whose: 'this process',
    words: `The peer closed ${formatDurationUs(us)} before the last row; the process has not called close().`,
  };
};

const gaveUp: Look = ({ end_reason, unacked, probes_out }) => {
  if (end_reason !== 'timeout') return undefined;
  const left = unacked
    ? `${formatBytes(unacked)} never acknowledged`
    : probes_out
      ? `${formatCount(probes_out)} probes unanswered`
      : 'no answer';
  return { whose: 'not known', words: `Given up with ${left}: the peer is gone, or nothing passes on the way any more.` };
};

const LOOKS: readonly Look[] = [
  gaveUp,
  resetBySelf,
  resetAfterIdle,
  dropped,
  leak,
  slowAnswers,
  slowHandshake,
  limitedByReceiver,
  limitedBySender,
  slowStartAfterIdle,
  slowReader,
  notNeeded,
];

/** In the order in which they are likely to matter. */
export const findingsOf = (connection: Connection): Finding[] => LOOKS.map((look) => look(connection)).filter((one) => one !== undefined);
