// Why one segment was sent again: what became of the times that it was sent before, from the strongest evidence to the weakest.

import { whyAgain } from './acknowledged.ts';
import { fromSenderAlone } from './alone.ts';
import { type Finding, finding, notKnown, placeOf, type Verdict } from './cause.ts';
import type { End } from './ends.ts';
import type { Segment } from './segments.ts';
import { ahead } from './sequence.ts';
import type { DropSighting } from './sightings.ts';
import { type Arrival, beforeAttempt, dropsOf, type Transmission, transmissionsOf } from './transmissions.ts';
import { cameUnseen, type Observed, type Way } from './way.ts';

const hasCome = (one: Transmission): one is Transmission & { came: Arrival } => one.came !== undefined && isTaken(one.came);
const isTaken = ({ dropped }: Arrival): boolean => dropped === undefined;

/** `attempts` are all segments that were sent again with this one's first byte, in the order of time. */
export function judge(way: Way, attempts: readonly Segment[], segment: Segment): Verdict {
  return { segment, peer_observed: way.receiver !== undefined, ...find(way, attempts, segment) };
}

function find(way: Way, attempts: readonly Segment[], segment: Segment): Finding {
  const { sent, came } = transmissionsOf(way, segment, attempts);
  const { earlier, own } = beforeAttempt(sent, attempts, segment);
  const sent_ns = Math.min(own?.at_ns ?? Infinity, segment.at_ns);
  const arrived = earlier.filter(hasCome).sort((a, b) => a.came.at_ns - b.came.at_ns)[0] ?? unsent(way, sent, came, sent_ns);
  if (arrived && way.receiver && !neverMet(way.receiver, segment, arrived.came))
    return whyAgain(way, way.receiver, segment, arrived, sent_ns);
  const last = earlier.at(-1);
  return droppedOnTheWay(way, segment, last, sent_ns) ?? lost(way, attempts, segment, earlier, own);
}

/** What came before it was sent again was sent before, whether that was seen or not. */
function unsent(
  way: Way,
  sent: readonly Transmission[],
  came: readonly Arrival[],
  sent_ns: number,
): (Transmission & { came: Arrival }) | undefined {
  const known = new Set(sent.map((one) => one.came));
  const early = came.find((one) => isTaken(one) && !known.has(one) && one.at_ns - sent_ns < way.outward_ns);
  return early && { at_ns: sent_ns, left: undefined, dropped: undefined, failed: undefined, came: early };
}

/** Whether a packet that came to the receiver's device did not come to its socket: what the socket lacked later shows that. */
function neverMet(receiver: Observed, segment: Segment, came: Arrival): boolean {
  if (came.socket) return false;
  const later = receiver.seen.taken_at.at(segment.seq).find(({ at_ns }) => at_ns > came.at_ns);
  return later !== undefined && later.row.rcv_nxt === segment.seq;
}

function droppedOnTheWay(way: Way, segment: Segment, last: Transmission | undefined, sent_ns: number): Finding | undefined {
  if (!last) return undefined;
  if (last.dropped) return finding('dropped_here', [segment.row, last.dropped.row], placeOf(last.dropped));
  if (last.failed) return finding('dropped_here', [segment.row, last.failed.row]);
  const { came } = last;
  if (came?.dropped) return finding('dropped_at_receiver', [segment.row, came.dropped.row], placeOf(came.dropped));
  if (came?.device && way.receiver) return finding('dropped_at_receiver', [segment.row, came.device.row]);
  const drop = dropBetween(way, segment, last, sent_ns);
  if (!drop) return undefined;
  const at_receiver = !way.receiver && drop.row.direction === 'received' && isFor(drop, way.sender.end);
  return finding(at_receiver ? 'dropped_at_receiver' : 'dropped_between', [segment.row, drop.row], placeOf(drop));
}

const isFor = ({ row }: DropSighting, { peer_addr, peer_port }: End): boolean =>
  row.local_addr === peer_addr && row.local_port === peer_port;

/** A drop elsewhere, after this transmission and before the next. Clocks of other hosts on the way are not known. */
function dropBetween(way: Way, { seq }: Segment, last: Transmission, sent_ns: number): DropSighting | undefined {
  const ends = [way.sender.end, ...(way.receiver ? [way.receiver.end] : [])];
  const elsewhere = dropsOf(way, seq).filter(({ row }) => !ends.some((end) => row.netns === end.netns && row.host_id === end.host_id));
  const own_host = way.sender.end.host_id;
  return elsewhere.find((drop) => drop.row.host_id !== own_host || (drop.at_ns >= last.at_ns - ORDER_NS && drop.at_ns <= sent_ns));
}

/** Rows of one host that are written on two processors: their times may be so far out of order. */
const ORDER_NS = 20_000;
/** As long as a packet may be on its way. */
const LATE_NS = 2_000_000_000;

/** No row saw what became of it. */
function lost(
  way: Way,
  attempts: readonly Segment[],
  segment: Segment,
  earlier: readonly Transmission[],
  own: Transmission | undefined,
): Finding {
  const { receiver } = way;
  const last = earlier.at(-1);
  if (!receiver)
    return way.doubt === 'several'
      ? notKnown('which of several sockets the peer is')
      : fromSenderAlone(way, segment, earlier, own, attempts.length);
  const rows = [segment.row, ...(last?.left ? [last.left.row] : [])];
  const proof = receiver.seen.taken_at
    .at(segment.seq)
    .find(({ at_ns, row }) => at_ns - segment.at_ns >= way.outward_ns - ORDER_NS && row.rcv_nxt === segment.seq);
  if (!last) return notKnown('what left the sender');
  if (proof && ahead(proof.row.end_seq, segment.seq) > 0 && attempts[0] === segment) return finding('lost_outward', [...rows, proof.row]);
  const from_ns = last.at_ns + way.outward_ns;
  if (cameUnseen(receiver, from_ns, segment.at_ns + way.outward_ns + LATE_NS)) return notKnown('arrivals at the receiver that have no row');
  return finding('lost_outward', rows);
}
