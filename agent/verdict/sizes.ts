// Whether only large packets are lost on the way. Then something there takes no larger ones, and those who should tell the sender do not, or
// their word does not come back: a path MTU black hole.
import type { Cause, Verdict } from './cause.ts';
import type { End } from './ends.ts';
import type { PacketSighting } from './seen.ts';
import { eachOf } from './segments.ts';
import { ahead } from './sequence.ts';
import type { Way } from './way.ts';

type Row = Verdict['segment']['row'] | PacketSighting['row'];
/** `bytes`: payload of one segment. `at_ns`: when it was sent, since the investigation's first row, by the sender's clock. */
export type Sized = { bytes: number; at_ns: number; row: Row };
/** What one way tells of sizes: segments with data that were sent and did not get through, and packets that did. */
export type Sizes = { end: End; lost: readonly Sized[]; came: readonly Sized[] };

export function sizesOf(way: Way, verdicts: readonly Verdict[]): Sizes {
  const lost = verdicts.filter(({ segment }) => segment.row.bytes > 0).filter((verdict) => isLost(way, verdict));
  return {
    end: way.sender.end,
    lost: lost.map(({ segment: { seq, end, at_ns, row } }) => ({ bytes: ahead(end, seq), at_ns, row })),
    came: way.receiver ? arrived(way, way.receiver.seen.received) : acknowledged(way),
  };
}

const LOST: ReadonlySet<Cause> = new Set(['lost_outward', 'dropped_here', 'dropped_between', 'dropped_at_receiver']);

/** Without rows of the peer, what it never acknowledged counts as lost: the path or the peer may be why, see `sizeVerdicts`. */
function isLost({ sender, receiver }: Way, { cause, segment }: Verdict): boolean {
  if (receiver || LOST.has(cause)) return LOST.has(cause);
  return cause === 'not_known' && !sender.seen.heard.firstPast(segment.seq, { from_ns: segment.at_ns, until_ns: Infinity });
}

function arrived({ outward_ns }: Way, received: readonly PacketSighting[]): Sized[] {
  return received.map((one) => ({ bytes: eachOf(one.row), at_ns: one.at_ns - outward_ns, row: one.row }));
}

function acknowledged({ sender: { seen } }: Way): Sized[] {
  const data = seen.sent.filter(({ row }) => row.length > 0);
  const has = ({ end, at_ns }: PacketSighting) => seen.heard.firstPast(end - 1, { from_ns: at_ns, until_ns: Infinity }) !== undefined;
  return data.filter(has).map((one) => ({ bytes: eachOf(one.row), at_ns: one.at_ns, row: one.row }));
}

/** A path on which only large packets are lost, from one host to one address. */
export type SizeVerdict = {
  /** whose segments were lost, and all that sent something again there */
  ends: readonly End[];
  of: number;
  peer_addr: string;
  lost: readonly Sized[];
  /** packets that came although they were sent after the first that was lost, and before the last one */
  came: readonly Sized[];
  /** payload of the largest packet that had come by then */
  largest_bytes: number;
};

/** Fewer lost segments may be chance. */
const LOST_LEAST = 3;
/** A path that takes no packets at all any more lets none come. */
const CAME_LEAST = 2;
/** No link is so small that it takes less than this; IPv6 asks for 1 280 bytes. What is lost below has another reason. */
const BYTES_LEAST = 450;
/** What comes from the last attempt on is not looked at: that attempt may have got through, since the path has changed. */
const OWN_NS = 1_000_000;
/** If so many small ones are lost for each large one, it is not the size. */
const SMALL_SHARE_MOST = 0.2;

export function sizeVerdicts(all: readonly Sizes[]): SizeVerdict[] {
  const paths = Map.groupBy(all, ({ end }) => `${end.host_id} ${end.peer_addr}`);
  return [...paths.values()].flatMap((ways) => verdictOf(ways) ?? []);
}

function verdictOf(ways: readonly Sizes[]): SizeVerdict | undefined {
  const lost = ways.flatMap((way) => way.lost);
  const until_ns = lost.reduce((last, { at_ns }) => Math.max(last, at_ns), -Infinity) - OWN_NS;
  const came = ways.flatMap((way) => way.came).filter(({ at_ns }) => at_ns < until_ns);
  const largest_bytes = came.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const isLarge = ({ bytes }: Sized) => bytes > largest_bytes && bytes >= BYTES_LEAST;
  const large = lost.filter(isLarge);
  const since_ns = large.reduce((first, { at_ns }) => Math.min(first, at_ns), Infinity);
  const later = came.filter(({ at_ns }) => at_ns > since_ns);
  if (large.length < LOST_LEAST || later.length < CAME_LEAST) return undefined;
  if (lost.length - large.length > large.length * SMALL_SHARE_MOST) return undefined;
  const ends = ways.filter((way) => way.lost.some(isLarge)).map(({ end }) => end);
  return { ends, of: ways.length, peer_addr: ends[0]?.peer_addr ?? '', lost: large, came: later, largest_bytes };
}
