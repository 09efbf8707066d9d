// Why a segment that had arrived was sent again all the same: its acknowledgement could not be back yet, or was lost.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Finding, finding, notKnown, notNeeded, type Place, placeOf } from './cause.ts';
import { firstFrom } from './in-order.ts';
import type { PacketSighting } from './seen.ts';
import type { Segment } from './segments.ts';
import { ahead } from './sequence.ts';
import type { Arrival } from './transmissions.ts';
import { cameUnseen, type Observed, type Way } from './way.ts';

/** How much longer than the fastest packet one may take; a packet that comes even later is another one. */
const LATE_NS_MAX = 5_000_000_000;

/** `came`: its first arrival. `sent_ns`: when it was sent again, by the sender's clock. */
export function whyAgain(way: Way, receiver: Observed, segment: Segment, came: Arrival, sent_ns: number): Finding {
  const arrived = came.device?.row ?? came.socket?.row;
  const rests_on = arrived ? [segment.row, arrived] : [segment.row];
  // What the receiver sends after this time cannot reach the sender before it sends again.
  const in_time_ns = sent_ns - way.backward_ns;
  if (came.at_ns > in_time_ns) return notNeeded(receiver.seen.hasReached(segment, came.at_ns) ? 'reordered' : 'delayed', rests_on);
  const first = receiver.seen.told.firstThatHas(segment.seq, { from_ns: came.at_ns, until_ns: in_time_ns + 1 });
  if (!first) return withoutAcknowledgement(receiver, segment, came, in_time_ns, rests_on);
  const back_ns = first.at_ns + way.backward_ns;
  const met = way.sender.seen.meeting(first.row, back_ns, back_ns + LATE_NS_MAX);
  if (met) return notNeeded('delayed', [...rests_on, first.row, met]);
  const place = placeOfAck(way, first);
  if (!place && cameUnseen(way.sender, back_ns, sent_ns + LATE_NS_MAX)) return notKnown('arrivals at the sender that have no row');
  return finding('lost_backward', [...rests_on, first.row], place);
}

/** No acknowledgement was seen to leave. The receiver's state tells whether none was sent, or its row is missing. */
function withoutAcknowledgement(
  receiver: Observed,
  segment: Segment,
  came: Arrival,
  in_time_ns: number,
  rests_on: Rows[keyof Rows][],
): Finding {
  const next = firstFrom(receiver.seen.taken, in_time_ns);
  if (next && ahead(next.row.rcv_wup, segment.seq) <= 0) return notNeeded('delayed_ack', [...rests_on, next.row]);
  const later = receiver.seen.told.firstThatHas(segment.seq, { from_ns: came.at_ns + 1, until_ns: Infinity });
  if (receiver.packets_share > 0 && later && later.at_ns > in_time_ns) return notNeeded('delayed_ack', [...rests_on, later.row]);
  return notKnown('what the receiver sent');
}

function placeOfAck(way: Way, { row }: PacketSighting): Place | undefined {
  const own = [...(way.sightings.dropped_acks.get(row.ack) ?? []), ...(row.length > 0 ? way.sightings.drops.at(row.seq) : [])];
  const drop = own.find((one) => one.row.seq === row.seq && one.row.ack === row.ack);
  return drop && placeOf(drop);
}
