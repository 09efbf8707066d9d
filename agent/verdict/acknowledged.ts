// A segment that had come: why was it sent again all the same? Either no acknowledgement of it had to be there yet, or one was lost.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Finding, finding, notKnown, notNeeded, type Place, placeOf } from './cause.ts';
import type { Segment } from './segments.ts';
import { ahead } from './sequence.ts';
import { type PacketSighting, saysHas } from './sightings.ts';
import type { Arrival } from './transmissions.ts';
import { cameUnseen, type Observed, type Way } from './way.ts';

/** How long a packet may be on its way behind the fastest: one that comes later than that is another one. */
const LATE_NS_MAX = 5_000_000_000;

/** `came` is the first time that it came, `sent_ns` when the segment was sent again. */
export function whyAgain(way: Way, receiver: Observed, segment: Segment, came: Arrival, sent_ns: number): Finding {
  const arrived = came.device?.row ?? came.socket?.row;
  const rests_on = arrived ? [segment.row, arrived] : [segment.row];
  // Whatever is sent later at the receiver cannot be at the sender in time.
  const in_time_ns = sent_ns - way.backward_ns;
  if (came.at_ns > in_time_ns) return notNeeded(cameBefore(receiver, segment, came) ? 'reordered' : 'delayed', rests_on);
  const told = receiver.seen.sent.filter(({ at_ns, row }) => at_ns >= came.at_ns && at_ns <= in_time_ns && saysHas(row, segment.seq));
  const [first] = told;
  if (!first) return withoutAcknowledgement(receiver, segment, came, in_time_ns, rests_on);
  const met = cameBack(way, first);
  if (met) return notNeeded('delayed', [...rests_on, first.row, met]);
  const place = placeOfAck(way, first);
  if (!place && cameUnseen(way.sender, first.at_ns + way.backward_ns, sent_ns + LATE_NS_MAX))
    return notKnown('arrivals at the sender that have no row');
  return finding('lost_backward', [...rests_on, first.row], place);
}

/** Whether what has later sequence numbers had come before. */
function cameBefore({ seen }: Observed, { end }: Segment, came: Arrival): boolean {
  const later = ({ at_ns, seq, end: to }: { at_ns: number; seq: number; end: number }) =>
    at_ns < came.at_ns && ahead(to, seq) > 0 && ahead(seq, end) >= 0;
  return seen.received.some(later) || seen.taken.some(later);
}

/** No acknowledgement was seen to leave: none did, or its row is missing, which the receiver's state tells. */
function withoutAcknowledgement(
  receiver: Observed,
  segment: Segment,
  came: Arrival,
  in_time_ns: number,
  rests_on: Rows[keyof Rows][],
): Finding {
  const next = receiver.seen.taken.find(({ at_ns }) => at_ns >= in_time_ns);
  if (next && ahead(next.row.rcv_wup, segment.seq) <= 0) return notNeeded('delayed_ack', [...rests_on, next.row]);
  const later = receiver.seen.sent.find(({ at_ns, row }) => at_ns > came.at_ns && saysHas(row, segment.seq));
  if (receiver.packets_share > 0 && later && later.at_ns > in_time_ns) return notNeeded('delayed_ack', [...rests_on, later.row]);
  return notKnown('what the receiver sent');
}

/** The row that met this acknowledgement at the data's sender. */
function cameBack(way: Way, { at_ns, row }: PacketSighting): Rows['packet'] | Rows['progress'] | undefined {
  const { received, taken } = way.sender.seen;
  const is_it = (other: { at_ns: number; row: Rows['packet'] | Rows['progress'] }) =>
    other.at_ns - at_ns >= way.backward_ns &&
    other.at_ns - at_ns < way.backward_ns + LATE_NS_MAX &&
    other.row.seq === row.seq &&
    other.row.ack === row.ack &&
    other.row.tsval === row.tsval &&
    other.row.sack1_from === row.sack1_from &&
    other.row.sack1_to === row.sack1_to;
  return (received.find((one) => is_it(one) && one.row.ip_id === row.ip_id) ?? taken.find(is_it))?.row;
}

function placeOfAck(way: Way, { row }: PacketSighting): Place | undefined {
  const own = [...(way.sightings.dropped_acks.get(row.ack) ?? []), ...(row.length > 0 ? way.sightings.drops.at(row.seq) : [])];
  const drop = own.find((one) => one.row.seq === row.seq && one.row.ack === row.ack);
  return drop && placeOf(drop);
}
