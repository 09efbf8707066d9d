// From the rows of an investigation to a verdict on each segment that was sent again. Pure: it reads no clock and asks nobody.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { notKnown, type Verdict } from './cause.ts';
import { type End, endsOf, joinEnds, type Peer, SYN } from './ends.ts';
import { baseOf, type Evidence, endpointsKey } from './evidence.ts';
import { judge } from './judge.ts';
import { type Segment, segmentsOf } from './segments.ts';
import { Sightings } from './sightings.ts';
import { type Observed, observe, type Way, wayOf } from './way.ts';

export type Judged = { verdicts: Verdict[]; ways: Way[] };

/** A verdict on every segment that was sent again, or was to be and failed, in their order by connection. */
export function judgeAll(evidence: Evidence): Judged {
  const base = baseOf(evidence);
  const sightings = new Sightings(evidence, base);
  const ends = endsOf(evidence);
  const peers = joinEnds(ends.values());
  const observed = new Map<End, Observed>();
  const observing = (end: End): Observed => {
    const known = observed.get(end) ?? observe(end, sightings);
    observed.set(end, known);
    return known;
  };
  const by_names = Map.groupBy(ends.values(), endpointsKey);
  const judged: Judged = { verdicts: [], ways: [] };
  // A refused attempt sent nothing: the window was closed, or the packet was still in this host's queue.
  const again = evidence.retransmit.filter(({ outcome }) => outcome !== 'refused');
  for (const rows of Map.groupBy(again, senderKey).values()) {
    const sender = senderOf(rows, ends, by_names, evidence);
    const peer: Peer = (sender && peers.get(sender)) ?? { end: undefined, doubt: 'unobserved' };
    const receiver = peer.end && observing(peer.end);
    if (sender?.snd_isn === undefined) {
      for (const row of rows) for (const segment of segmentsOf(row, 0, base)) judged.verdicts.push(unplaced(segment));
      continue;
    }
    const way = wayOf(observing(sender), peer, receiver, sightings);
    const isn = sender.snd_isn;
    judged.ways.push(way);
    judged.verdicts.push(
      ...judgeWay(
        way,
        rows.flatMap((row) => segmentsOf(row, isn, base)),
      ),
    );
  }
  return judged;
}

function judgeWay(way: Way, segments: Segment[]): Verdict[] {
  segments.sort((a, b) => a.at_ns - b.at_ns || a.part - b.part);
  // Attempts may be cut differently: those are of one byte that begin with it.
  const attempts = Map.groupBy(segments, ({ seq }) => seq);
  return segments.map((segment) => judge(way, attempts.get(segment.seq) ?? [segment], segment));
}

/** A SYN-ACK is sent before its socket is there: its row has the listener's cookie. */
const senderKey = (row: Rows['retransmit']): string =>
  row.class === 'syn_ack' ? `syn_ack ${endpointsKey(row)}` : `${row.host_id} ${row.connection_id}`;

function senderOf(
  rows: readonly Rows['retransmit'][],
  ends: Map<string, End>,
  by_names: Map<string, End[]>,
  evidence: Evidence,
): End | undefined {
  const [row] = rows;
  if (!row) return undefined;
  if (row.class !== 'syn_ack') {
    const end = ends.get(`${row.host_id} ${row.connection_id}`);
    if (end) end.snd_isn ??= isnOf(row, evidence);
    return end;
  }
  const accepted = by_names.get(endpointsKey(row))?.find(({ last_ns }) => last_ns >= row.time_ns);
  if (accepted?.snd_isn !== undefined) return accepted;
  const syn_ack = evidence.packet.findLast(
    (packet) =>
      packet.direction === 'sent' && packet.tcp_flags & SYN && packet.time_ns <= row.time_ns && endpointsKey(packet) === endpointsKey(row),
  );
  if (!syn_ack) return undefined;
  const { host_id, netns, local_addr, local_port, peer_addr, peer_port, time_ns } = row;
  const names = { host_id, netns, local_addr, local_port, peer_addr, peer_port };
  return { ...names, connection_id: 0n, snd_isn: syn_ack.seq, rcv_isn: syn_ack.ack - 1, first_ns: syn_ack.time_ns, last_ns: time_ns };
}

/** Of a socket older than the agent: its packet of the same length, just before the row, has the sequence number that the row counts from. */
function isnOf({ connection_id, host_id, time_ns, bytes, seq }: Rows['retransmit'], { packet }: Evidence): number | undefined {
  const own = packet.findLast(
    (row) =>
      row.connection_id === connection_id &&
      row.host_id === host_id &&
      row.length === bytes &&
      row.time_ns <= time_ns &&
      time_ns - row.time_ns < CALL_NS_MAX,
  );
  return own && (own.seq - seq) >>> 0;
}

const CALL_NS_MAX = 2_000_000n;

const unplaced = (segment: Segment): Verdict => ({
  segment,
  peer_observed: false,
  ...notKnown('where its sequence numbers begin: a packet or progress row of its socket'),
});
