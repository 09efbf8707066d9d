// How much of the time that answers took can have been the path's. All times in microseconds.

export type TurnTimes = { turn_us: number | null; turn_rtt_us: number | null; rtt_min_us: number | null };

/** The average answer time as the client measures it, and the bounds of the path's part of it. */
export type TurnShares = { answer_us: number; path_us_max: number; path_us_min: number };

/** How long a host may hold an acknowledgement back to send it with an answer: so much of a measured round trip can be the peer's. */
export const DELAYED_ACK_US = 40_000;

/**
 * The round trip was measured at each turn. A peer that answers soon sends its acknowledgement with the answer. Then the round trip
 * includes the peer's own time, at most its delayed-acknowledgement timer.
 */
export function turnShares({ turn_us, turn_rtt_us, rtt_min_us }: TurnTimes, turns: number): TurnShares {
  const answer_us = (turn_us ?? 0) / turns;
  // Where no round trip was measured, all of the answer's time may be the path's.
  const path_us_max = Math.min(turn_rtt_us ? turn_rtt_us / turns : answer_us, answer_us);
  const path_us_min = Math.min(Math.max(rtt_min_us ?? 0, turn_rtt_us ? path_us_max - DELAYED_ACK_US : 0), path_us_max);
  return { answer_us, path_us_max, path_us_min };
}
