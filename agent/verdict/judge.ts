// Why one segment was sent again: what became of its earlier transmissions. Evidence is tried from the strongest to the weakest.

import { whyAgain } from './acknowledged.ts';
import { fromSenderAlone } from './alone.ts';
import { type Cause, type Finding, finding, notKnown, placeOf, type Verdict } from './cause.ts';
import type { End } from './ends.ts';
import type { Segment } from './segments.ts';
import type { DropSighting } from './sightings.ts';
import { type Arrival, type Before, beforeAttempt, dropsOf, hasLeft, orderOf, type Times, type Transmission } from './transmissions.ts';
import { cameUnseen, type Observed, type Way } from './way.ts';

/** `times` are those of the segment's first byte. */
export function judge(way: Way, times: Times, segment: Segment): Verdict {
  const before = timesBefore(times, segment);
  return { segment, packet: before.own?.left?.row, peer_observed: way.receiver !== undefined, ...find(way, times, segment, before) };
}

function find(way: Way, times: Times, segment: Segment, { earlier, own }: Before): Finding {
  const { sent, came } = times;
  const sent_ns = Math.min(own?.at_ns ?? segment.at_ns - CALL_NS_MAX, segment.at_ns);
  // If a packet came so late that its acknowledgement could not be back, the lateness is the cause, even if its host dropped it then.
  const isLate = ({ at_ns }: Arrival) => at_ns > sent_ns - way.backward_ns;
  const counts = (arrival: Arrival) => arrival.dropped === undefined || isLate(arrival);
  const arrived = earlier.flatMap(({ came: one }) => (one && counts(one) ? [one] : [])).sort((a, b) => a.at_ns - b.at_ns)[0];
  const known = new Set(sent.map((one) => one.came));
  // A packet that came too early to be this attempt is an earlier transmission, even if no row saw that one leave.
  const unsent = came.find(
    (one) => !known.has(one) && (one.at_ns - sent_ns < way.outward_ns || orderOf(one, own, segment.seq) === 'older'),
  );
  const first = arrived ?? (unsent && counts(unsent) ? unsent : undefined) ?? acknowledged(way, segment, came, sent_ns);
  if (first && way.receiver && (isLate(first) || !neverMet(way.receiver, segment, first)))
    return whyAgain(way, way.receiver, segment, first, sent_ns);
  const last = earlier.at(-1);
  const unknown = () => lost(way, times, segment, { earlier, own });
  const here = droppedHere(segment, last);
  // An earlier transmission left and may have come. Without rows of the receiver, only the peer's acknowledgements tell.
  if (here && !way.receiver && earlier.some(hasLeft)) return unless(unknown(), 'lost_outward') ?? here;
  return (
    here ??
    droppedByReceiver(way, segment, last ? last.came : unsent) ??
    droppedBetween(way, segment, last?.at_ns ?? -Infinity, sent_ns) ??
    unknown()
  );
}

const unless = (found: Finding, cause: Cause): Finding | undefined => (found.cause === cause ? undefined : found);

/**
 * The transmissions before this attempt, and its own. If a packet came that was sent after the supposed own one and matches no other, the
 * supposed one is an earlier transmission.
 */
function timesBefore(times: Times, segment: Segment): Before {
  const { attempts, sent, came } = times;
  const { earlier, own } = beforeAttempt(times, segment);
  const known = new Set(sent.map((one) => one.came));
  const is_last = attempts.at(-1) === segment;
  if (!own || !is_last || !came.some((one) => !known.has(one) && orderOf(one, own, segment.seq) === 'newer')) return { earlier, own };
  return { earlier: [...earlier, own], own: undefined };
}

/** A byte that the receiver acknowledged before this attempt could arrive had come already, though no row saw it. */
function acknowledged({ receiver, outward_ns }: Way, { seq }: Segment, came: readonly Arrival[], sent_ns: number): Arrival | undefined {
  if (came.some(({ dropped }) => dropped)) return undefined;
  const told = receiver?.seen.told.firstThatHas(seq, { from_ns: -Infinity, until_ns: sent_ns + outward_ns });
  return told && { at_ns: told.at_ns, device: undefined, socket: undefined, dropped: undefined };
}

/** An attempt's row is written at most this long after its packet. */
const CALL_NS_MAX = 1_000_000;

/** Whether a packet came to the receiver's device and not to its socket: the socket still lacked it later. */
function neverMet(receiver: Observed, segment: Segment, came: Arrival): boolean {
  if (came.socket || !came.device) return false;
  const later = receiver.seen.taken_at.at(segment.seq).find(({ at_ns }) => at_ns > came.at_ns);
  return later !== undefined && later.row.rcv_nxt === segment.seq;
}

function droppedHere(segment: Segment, last: Transmission | undefined): Finding | undefined {
  if (last?.dropped) return finding('dropped_here', [segment.row, last.dropped.row], placeOf(last.dropped));
  return last?.failed && finding('dropped_here', [segment.row, last.failed.row]);
}

function droppedByReceiver(way: Way, segment: Segment, came: Arrival | undefined): Finding | undefined {
  if (came?.dropped) return finding('dropped_at_receiver', [segment.row, came.dropped.row], placeOf(came.dropped));
  return came?.device && way.receiver ? finding('dropped_at_receiver', [segment.row, came.device.row]) : undefined;
}

const isFor = ({ row }: DropSighting, { peer_addr, peer_port }: End): boolean =>
  row.local_addr === peer_addr && row.local_port === peer_port;

/**
 * A drop in another namespace, between the last transmission and this one. Times are compared on the sender's host only: other clocks are
 * unknown.
 */
function droppedBetween(way: Way, segment: Segment, since_ns: number, sent_ns: number): Finding | undefined {
  const ends = [way.sender.end, ...(way.receiver ? [way.receiver.end] : [])];
  const elsewhere = dropsOf(way, segment.seq).filter(
    ({ row }) => !ends.some((end) => row.netns === end.netns && row.host_id === end.host_id),
  );
  const is_between = ({ at_ns, row }: DropSighting) =>
    row.host_id !== way.sender.end.host_id || (at_ns >= since_ns - ORDER_NS && at_ns <= sent_ns);
  const drop = elsewhere.find(is_between);
  if (!drop) return undefined;
  const at_receiver = !way.receiver && drop.row.direction === 'received' && isFor(drop, way.sender.end);
  return finding(at_receiver ? 'dropped_at_receiver' : 'dropped_between', [segment.row, drop.row], placeOf(drop));
}

/** Times of rows that two processors of a host write may be out of order by so much. */
const ORDER_NS = 20_000;
/** The longest that a packet may be on its way. */
const LATE_NS = 2_000_000_000;

/** The finding where no row saw what became of the transmissions. */
function lost(way: Way, times: Times, segment: Segment, before: Before): Finding {
  const { receiver } = way;
  const { earlier } = before;
  const last = earlier.at(-1);
  if (!receiver)
    return way.doubt === 'several' ? notKnown('which of several sockets the peer is') : fromSenderAlone(way, times, segment, before);
  const rows = [segment.row, ...(last?.left ? [last.left.row] : [])];
  const proof = receiver.seen.taken_at
    .at(segment.seq)
    .find(({ at_ns, row }) => at_ns - segment.at_ns >= way.outward_ns - ORDER_NS && row.rcv_nxt === segment.seq);
  if (!last) return notKnown('what left the sender');
  if (proof && times.attempts[0] === segment) return finding('lost_outward', [...rows, proof.row]);
  const from_ns = last.at_ns + way.outward_ns;
  if (cameUnseen(receiver, from_ns, segment.at_ns + way.outward_ns + LATE_NS)) return notKnown('arrivals at the receiver that have no row');
  return finding('lost_outward', rows);
}
