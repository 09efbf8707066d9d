// From the rows of an investigation to a verdict on each segment that was sent again. Pure: it reads no clock and asks nobody.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { Beginnings } from './beginnings.ts';
import { notKnown, type Verdict } from './cause.ts';
import { type End, endsOf, joinEnds, type Peer } from './ends.ts';
import { baseOf, type Evidence, endpointsKey } from './evidence.ts';
import { judge } from './judge.ts';
import { type Segment, segmentsOf } from './segments.ts';
import { Sightings } from './sightings.ts';
import { type Times, timesOf } from './transmissions.ts';
import { type Observed, observe, type Way, wayOf } from './way.ts';

export type Judged = { verdicts: Verdict[]; ways: Way[] };

/** A verdict on every segment that was sent again, or was to be and failed, in their order by connection. */
export function judgeAll(evidence: Evidence): Judged {
  const judging = judgeInSteps(evidence);
  for (;;) {
    const { done, value } = judging.next();
    if (done) return value;
  }
}

/** The same, and whoever asks may do something else between two steps. A step is as long as one look at all rows, or at all of one connection. */
export function* judgeInSteps(evidence: Evidence): Generator<undefined, Judged> {
  const base = baseOf(evidence);
  const sightings = new Sightings(evidence, base);
  yield;
  const ends = endsOf(evidence);
  yield;
  const peers = joinEnds(ends.values());
  const beginnings = new Beginnings(evidence, ends);
  yield;
  const observed = new Map<End, Observed>();
  const observing = (end: End): Observed => {
    const known = observed.get(end) ?? observe(end, sightings);
    observed.set(end, known);
    return known;
  };
  const judged: Judged = { verdicts: [], ways: [] };
  // A refused attempt sent nothing: the window was closed, or the packet was still in this host's queue.
  const again = evidence.retransmit.filter(({ outcome }) => outcome !== 'refused');
  for (const rows of Map.groupBy(again, senderKey).values()) {
    yield;
    const sender = beginnings.senderOf(rows);
    const peer: Peer = (sender && peers.get(sender)) ?? { end: undefined, doubt: 'unobserved' };
    const receiver = peer.end && observing(peer.end);
    if (sender?.snd_isn === undefined) {
      for (const row of rows) for (const segment of segmentsOf(row, 0, base)) judged.verdicts.push(unplaced(segment));
      continue;
    }
    const way = wayOf(observing(sender), peer, receiver, sightings);
    const isn = sender.snd_isn;
    judged.ways.push(way);
    yield;
    const segments = rows.flatMap((row) => segmentsOf(row, isn, base));
    yield* judgeWay(way, segments, judged.verdicts);
  }
  return judged;
}

function* judgeWay(way: Way, segments: Segment[], verdicts: Verdict[]): Generator<undefined> {
  segments.sort((a, b) => a.at_ns - b.at_ns || a.part - b.part);
  // Attempts may be cut differently: those are of one byte that begin with it.
  const attempts = Map.groupBy(segments, ({ seq }) => seq);
  const known = new Map<number, Times>();
  for (const segment of segments) {
    const { seq } = segment;
    const times = known.get(seq) ?? timesOf(way, seq, attempts.get(seq) ?? [segment]);
    known.set(seq, times);
    verdicts.push(judge(way, times, segment));
    yield;
  }
}

/** A SYN-ACK is sent before its socket is there: its row has the listener's cookie. */
const senderKey = (row: Rows['retransmit']): string =>
  row.class === 'syn_ack' ? `syn_ack ${endpointsKey(row)}` : `${row.host_id} ${row.connection_id}`;

const unplaced = (segment: Segment): Verdict => ({
  segment,
  peer_observed: false,
  ...notKnown('where its sequence numbers begin: a packet or progress row of its socket'),
});
