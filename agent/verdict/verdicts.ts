// From the rows of an investigation to a verdict on each segment that was sent again. Pure: it reads no clock and asks nobody.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { Beginnings } from './beginnings.ts';
import { notKnown, type Verdict } from './cause.ts';
import type { End, Peer } from './ends.ts';
import { type Evidence, endpointsKey } from './evidence.ts';
import { atOnce, type Joined, joinInSteps } from './joined.ts';
import { countJoins, type Joins } from './joins.ts';
import { judge } from './judge.ts';
import { type Segment, segmentsOf } from './segments.ts';
import { type Sizes, sizesOf } from './sizes.ts';
import { type Times, timesOf } from './transmissions.ts';
import { type Observed, observe, type Way, wayOf } from './way.ts';

/** `sizes`: those of each way, in the order of `ways`. */
export type Judged = { verdicts: Verdict[]; ways: Way[]; joins: Joins; sizes: Sizes[] };

/** A verdict on every segment that was sent again, or was to be and failed, in their order by connection. */
export function judgeAll(evidence: Evidence): Judged {
  return atOnce(judgeInSteps(atOnce(joinInSteps(evidence))));
}

/** The same in steps, each as long as one look at all rows, or at all of one connection. */
export function* judgeInSteps({ evidence, base, sightings, ends, peers }: Joined): Generator<undefined, Judged> {
  const beginnings = new Beginnings(evidence, ends);
  yield;
  const observed = new Map<Readonly<End>, Observed>();
  const observing = (end: Readonly<End>, snd_isn = end.snd_isn): Observed => {
    const known = observed.get(end) ?? observe({ ...end, snd_isn }, sightings);
    observed.set(end, known);
    return known;
  };
  const judged: Judged = { verdicts: [], ways: [], joins: countJoins(peers.values()), sizes: [] };
  // A refused attempt sent nothing: the window was closed, or the packet was still in this host's queue.
  const again = evidence.retransmit.filter(({ outcome }) => outcome !== 'refused');
  for (const rows of Map.groupBy(again, senderKey).values()) {
    yield;
    const sender = beginnings.senderOf(rows);
    const peer: Peer = (sender && peers.get(sender.end)) ?? { end: undefined, doubt: 'unobserved' };
    const receiver = peer.end && observing(peer.end);
    if (sender?.isn === undefined) {
      for (const row of rows) for (const segment of segmentsOf(row, 0, base)) judged.verdicts.push(unplaced(segment));
      continue;
    }
    const { end, isn } = sender;
    const way = wayOf(observing(end, isn), peer, receiver, sightings);
    judged.ways.push(way);
    yield;
    const segments = rows.flatMap((row) => segmentsOf(row, isn, base));
    const own = yield* judgeWay(way, segments);
    for (const verdict of own) judged.verdicts.push(verdict);
    judged.sizes.push(sizesOf(way, own));
  }
  return judged;
}

function* judgeWay(way: Way, segments: Segment[]): Generator<undefined, Verdict[]> {
  const verdicts: Verdict[] = [];
  segments.sort((a, b) => a.at_ns - b.at_ns || a.part - b.part);
  // Attempts may cut the data differently. The attempts of a byte are those that begin with it.
  const attempts = Map.groupBy(segments, ({ seq }) => seq);
  const known = new Map<number, Times>();
  for (const segment of segments) {
    const { seq } = segment;
    const times = known.get(seq) ?? timesOf(way, seq, attempts.get(seq) ?? [segment]);
    known.set(seq, times);
    verdicts.push(judge(way, times, segment));
    yield;
  }
  return verdicts;
}

/** A SYN-ACK is sent before its socket exists: its row has the listener's cookie. */
const senderKey = (row: Rows['retransmit']): string =>
  row.class === 'syn_ack' ? `syn_ack ${endpointsKey(row)}` : `${row.host_id} ${row.connection_id}`;

const unplaced = (segment: Segment): Verdict => ({
  segment,
  packet: undefined,
  peer_observed: false,
  ...notKnown('where its sequence numbers begin: a packet or progress row of its socket'),
});
