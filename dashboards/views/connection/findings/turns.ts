// How long one side took to answer the other, and whether that was the path or an application.
import type { Connection } from '../../../../server/api.ts';
import { formatCount, formatDurationUs } from '../../../format.ts';
import type { Look } from './finding.ts';

/** Below these, a wait is not worth a sentence. */
const SLOW_ANSWER_US = 50_000;
const SLOW_ANSWER_TIMES = 10;

/** A usual round trip of the connection, µs; 0 unknown. */
const roundTripUs = ({ rtt_min_us, srtt_max_us }: Connection) => rtt_min_us ?? srtt_max_us ?? 0;

export const slowAnswers: Look = (connection) => {
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
