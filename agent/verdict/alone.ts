// What the sender's own rows tell of a segment whose receiver nobody watched: the peer's reports of what came twice (DSACK), of what it
// lacks (SACK), and which of two transmissions its timestamps echo.

import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Finding, finding, notKnown, notNeeded } from './cause.ts';
import type { Segment } from './segments.ts';
import { ahead, holds } from './sequence.ts';
import { type AtEnd, reportedTwice, sackBlocks, saysHas } from './sightings.ts';
import type { Transmission } from './transmissions.ts';
import type { Way } from './way.ts';

type Heard = { at_ns: number; row: Rows['packet'] | Rows['progress'] };

/** All that came to the sender, in the order of time: what its device saw is its socket's too. */
const heardBy = ({ received, taken }: AtEnd): readonly Heard[] => (received.length >= taken.length ? received : taken);

/** `attempts` is how often the segment was sent again in all, `own` this attempt as its packet was seen. */
export function fromSenderAlone(
  way: Way,
  segment: Segment,
  earlier: readonly Transmission[],
  own: Transmission | undefined,
  attempts: number,
): Finding {
  const { seen } = way.sender;
  const heard = heardBy(seen);
  const twice = [...seen.received, ...seen.taken].filter(({ at_ns, row }) => at_ns > segment.at_ns && isReported(row, segment.seq));
  const reports = new Set(twice.map(({ row }) => `${row.tsval} ${row.ack} ${row.sack1_from} ${row.sack1_to}`)).size;
  const [report] = twice;
  if (report && reports >= attempts) return notNeeded('arrived', [segment.row, report.row]);
  if (report) return notKnown('which of several transmissions came: the peer’s rows');
  const answer = heard.find(({ at_ns, row }) => at_ns > segment.at_ns && row.tcp_flags & ACK && ahead(row.ack, segment.seq) > 0);
  if (!answer) return notKnown('an acknowledgement, or the peer’s rows');
  if (isFirst(segment) && echoesEarlier(answer.row, own, segment)) return notNeeded('arrived', [segment.row, answer.row]);
  if (!reportsTwice(heard)) return notKnown('the peer’s rows: it does not report what comes twice');
  const lacking = heard.findLast(({ at_ns, row }) => at_ns < segment.at_ns && lacks(row, segment.seq));
  const settled_ns = answer.at_ns + SETTLED_RTTS * segment.row.srtt_us * 1000;
  const is_settled = heard.some(({ at_ns }) => at_ns > settled_ns);
  // An acknowledgement reports one duplicate at most: of several that come at once, some are not reported.
  const others = heard.some(({ at_ns, row }) => at_ns > segment.at_ns && at_ns <= settled_ns && reportedTwice(row));
  if (others) return notKnown('the peer’s rows: it reported other duplicates meanwhile');
  if (lacking && is_settled) return finding('lost_outward', [segment.row, lacking.row, answer.row]);
  if (is_settled && earlier.length > 0 && echoesOwn(answer.row, own, earlier)) return finding('lost_outward', [segment.row, answer.row]);
  return notKnown('the peer’s rows');
}

const ACK = 16;
/** A report of what came twice is sent at once: after so many round trips it would be here. */
const SETTLED_RTTS = 2;

function isReported(row: Rows['packet'] | Rows['progress'], byte: number): boolean {
  const range = reportedTwice(row);
  return range !== undefined && holds(range, byte);
}

/** A peer that uses SACK reports duplicates with it. */
const reportsTwice = (heard: readonly Heard[]): boolean =>
  heard.some(({ row }) => sackBlocks(row).length > 0 || ('sack_permitted' in row && row.sack_permitted));

/** Whether the peer has later bytes and not this one. */
function lacks(row: Rows['packet'] | Rows['progress'], byte: number): boolean {
  const blocks = sackBlocks(row).filter(({ end }) => ahead(end, row.ack) > 0);
  return !saysHas(row, byte) && blocks.some(({ seq }) => ahead(seq, byte) > 0);
}

/** Only of what comes where its acknowledgements end the receiver keeps the timestamp. */
const isFirst = ({ part, row }: Segment): boolean => part === 0 && row.head_of_queue;

/** Whether an acknowledgement echoes a timestamp from before the segment was sent again: then an earlier one brought it (RFC 3522). */
function echoesEarlier(row: Rows['packet'] | Rows['progress'], own: Transmission | undefined, { seq }: Segment): boolean {
  const again = own?.left?.row.tsval;
  return again !== undefined && again !== 0 && row.tsecr !== 0 && ahead(row.tsecr, again) < 0 && ahead(row.ack, seq) > 0;
}

/** Whether it echoes this attempt, which earlier ones cannot be taken for. */
function echoesOwn(row: Rows['packet'] | Rows['progress'], own: Transmission | undefined, earlier: readonly Transmission[]): boolean {
  const again = own?.left?.row.tsval;
  if (again === undefined || again === 0 || row.tsecr !== again) return false;
  return earlier.every(({ left }) => left !== undefined && ahead(left.row.tsval, again) < 0);
}
