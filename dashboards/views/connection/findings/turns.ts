// How long one side took to answer the other, and whether the path or an application took the time; and whether a transfer stalled.
import { turnShares } from '../../../../agent/verdict/turns.ts';
import type { Connection } from '../../../../server/api.ts';
import { formatCount, formatDurationUs, formatName } from '../../../format.ts';
import type { Finding, Look } from './finding.ts';
import { delayedAck } from './peer.ts';
import { closedWindow } from './reading.ts';

/** Shorter waits are not reported. */
const SLOW_ANSWER_US = 50_000;
const STALL_US = 100_000;

function seenByClient(connection: Connection, turns: number): Finding | undefined {
  const { answer_us, path_us_max, path_us_min } = turnShares(connection, turns);
  const took = `Answers took ${formatDurationUs(answer_us)} on average`;
  const peer_us_min = answer_us - path_us_max;
  const { other_end } = connection;
  const own_us = other_end?.turn_us ?? null;
  if (own_us !== null && own_us < peer_us_min / 2)
    return {
      whose: 'not known',
      words: `${took}, of which ${formatName(other_end?.host ?? '')}, which is watched too, took ${formatDurationUs(own_us)} from reading a request to answering it: the rest went by on the way, or before it read the request.`,
    };
  if (peer_us_min >= answer_us / 4 && peer_us_min >= 2 * path_us_min)
    return {
      whose: 'the peer',
      words: `${took}, round trips at those times at most ${formatDurationUs(path_us_max)}: the time goes by in the applications, most likely the peer’s, not in the network.`,
    };
  const best_us = connection.rtt_min_us ?? 0;
  if (path_us_min < answer_us / 2)
    return {
      whose: 'not known',
      words: `${took}, and the acknowledgements came with them: whether the network or the peer took that time cannot be told from this end.`,
    };
  // If round trips are always this long, that is the path's normal length and no finding.
  if (path_us_max < 2 * best_us) return undefined;
  return {
    whose: 'the path',
    words: `${took}, and so long were round trips at those times (${formatDurationUs(best_us)} at best): the time goes by in the network.`,
  };
}

export const slowAnswers: Look = (connection) => {
  const { role, turns, turn_us, total_retrans } = connection;
  if (!turns || turn_us === null || turn_us / turns < SLOW_ANSWER_US) return undefined;
  // At the server, the time from the end of a request to the answer does not include the path.
  if (role === 'server')
    return {
      whose: 'this process',
      words: `It took ${formatDurationUs(turn_us / turns)} on average from a request to the answer, ${formatCount(turns)} times.`,
    };
  // With many retransmissions, the path may have caused a long wait.
  if (role !== 'client' || (total_retrans ?? 0) > turns / 10 || delayedAck(connection) !== undefined) return undefined;
  return seenByClient(connection, turns);
};

/** Not reported if this process read too slowly, since that is the reason then. */
export const stall: Look = (connection) =>
  (connection.stall_max_us ?? 0) >= STALL_US && closedWindow(connection) === undefined
    ? {
        whose: 'not known',
        words: `In the middle of a transfer nothing moved for up to ${formatDurationUs(connection.stall_max_us ?? 0)}.`,
      }
    : undefined;
