// One way of a connection: from the socket that sent to the one that was to receive, with what was seen at both.
import { Arrivals } from './arrivals.ts';
import { type Clock, clockBetween, fastest } from './clock.ts';
import type { End, Peer } from './ends.ts';
import { placeFrom } from './in-order.ts';
import type { Seen } from './seen.ts';
import type { Sightings } from './sightings.ts';

export type Observed = {
  end: End;
  seen: Seen;
  arrivals: Arrivals;
  /** share of the segments that came to the socket that packet rows have, at most 1 */
  packets_share: number;
};

export type Way = {
  sender: Observed;
  receiver: Observed | undefined;
  /** what keeps the peer from being known */
  doubt: 'unobserved' | 'several' | undefined;
  /** the receiver's clock minus the sender's, nanoseconds */
  clock: Clock;
  /**
   * shortest time from sending to arrival, each by its host's clock, nanoseconds: a packet that came sooner after a transmission is another
   */
  outward_ns: number;
  backward_ns: number;
  sightings: Sightings;
};

export function observe(end: End, sightings: Sightings): Observed {
  const seen = sightings.at(end);
  const arrivals = new Arrivals(seen.taken);
  return { end, seen, arrivals, packets_share: packetsShare(seen, arrivals) };
}

function packetsShare({ taken, received }: Seen, { completeness }: Arrivals): number {
  const first = taken[0]?.at_ns ?? Infinity;
  const last = taken.at(-1)?.at_ns ?? -Infinity;
  const segments = received
    .slice(placeFrom(received, first, true), placeFrom(received, last, true))
    .reduce((sum, { row }) => sum + row.segments, 0);
  return completeness.counted > 0 ? Math.min(1, segments / completeness.counted) : 0;
}

/** Both sorts of rows may miss a packet that came. A smaller probability of that is no doubt. */
const BOTH_MISS_MAX = 0.001;

/** Whether a packet may have come to this end, between these times of its clock, that neither packet nor progress rows have. */
export function cameUnseen({ arrivals, packets_share }: Observed, from_ns: number, until_ns: number): boolean {
  const { counted, seen } = arrivals.completeness;
  const progress_share = counted > 0 ? seen / counted : 0;
  if ((1 - packets_share) * (1 - progress_share) <= BOTH_MISS_MAX) return false;
  return arrivals.missingBetween(from_ns, until_ns) !== 0;
}

const orNone = (ns: number): number => (Number.isFinite(ns) ? ns : 0);

export function wayOf(sender: Observed, peer: Peer, receiver: Observed | undefined, sightings: Sightings): Way {
  if (!receiver || !peer.end)
    return {
      sender,
      receiver: undefined,
      doubt: peer.end ? 'unobserved' : peer.doubt,
      clock: { offset_ns: 0, uncertainty_ns: Infinity },
      outward_ns: 0,
      backward_ns: 0,
      sightings,
    };
  const outward_ns = fastest(sender.seen.sent, receiver.seen.received);
  const backward_ns = fastest(receiver.seen.sent, sender.seen.received);
  return {
    sender,
    receiver,
    doubt: undefined,
    clock: clockBetween(outward_ns, backward_ns, sender.end.host_id === receiver.end.host_id),
    outward_ns: orNone(outward_ns),
    backward_ns: orNone(backward_ns),
    sightings,
  };
}
