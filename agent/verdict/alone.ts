// What the sender's own rows tell of a segment whose receiver nobody watched: the peer's reports of what came twice (DSACK), of what it
// lacks (SACK), and which of two transmissions its timestamps echo.

import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Finding, finding, notKnown, notNeeded } from './cause.ts';
import type { Segment } from './segments.ts';
import { ahead } from './sequence.ts';
import { type Before, hasLeft, type Times, type Transmission } from './transmissions.ts';
import type { Way } from './way.ts';

/** `times`: of the segment's first byte. `earlier`, `own`: the transmissions seen before this attempt, and the attempt's own. */
export function fromSenderAlone(way: Way, times: Times, segment: Segment, { earlier, own }: Before): Finding {
  const { heard, twice_at } = way.sender.seen;
  const twice = twice_at.at(segment.seq).filter(({ at_ns }) => at_ns > segment.at_ns);
  const reports = new Set(twice.map(({ row }) => `${row.tsval} ${row.ack} ${row.sack1_from} ${row.sack1_to}`)).size;
  const [report] = twice;
  if (report && reports >= leftAgain(times)) return notNeeded('arrived', [segment.row, report.row]);
  if (report) return notKnown('which of several transmissions came: the peer’s rows');
  const answer = heard.firstPast(segment.seq, { from_ns: segment.at_ns + 1, until_ns: Infinity });
  if (!answer) return notKnown('an acknowledgement, or the peer’s rows');
  if (noneLeftSince(times, segment)) return notNeeded('arrived', [segment.row, answer.row]);
  if (isFromHead(segment) && echoesEarlier(answer.row, own, segment)) return notNeeded('arrived', [segment.row, answer.row]);
  if (!heard.uses_sack) return notKnown('the peer’s rows: it does not report what comes twice');
  const lacking = heard.lastThatLacks(segment.seq, segment.at_ns);
  const settled_ns = answer.at_ns + SETTLED_RTTS * segment.row.srtt_us * 1000;
  const is_settled = heard.last_ns > settled_ns;
  // An acknowledgement reports one duplicate at most: of several that come at once, some are not reported.
  const others = heard.reportsTwice({ from_ns: segment.at_ns + 1, until_ns: settled_ns + 1 });
  if (others) return notKnown('the peer’s rows: it reported other duplicates meanwhile');
  if (lacking && is_settled) return finding('lost_outward', [segment.row, lacking.row, answer.row]);
  if (is_settled && earlier.length > 0 && echoesOwn(answer.row, own, earlier)) return finding('lost_outward', [segment.row, answer.row]);
  return notKnown('the peer’s rows');
}

const leftAs = ({ own }: Times, attempt: Segment): boolean => {
  const transmission = own.get(attempt);
  return transmission ? hasLeft(transmission) : attempt.row.outcome !== 'failed';
};

/** How often the segment was sent again and left this host: a packet that did not leave cannot arrive. */
const leftAgain = (times: Times): number => times.attempts.filter((attempt) => leftAs(times, attempt)).length;

/**
 * Whether neither this attempt nor any later packet carried the byte out of this host: then an acknowledgement is of an earlier
 * transmission. A later packet may have the byte in its middle, and is then no attempt of this segment.
 */
const noneLeftSince = (times: Times, attempt: Segment): boolean =>
  !times.attempts.slice(times.attempts.indexOf(attempt)).some((one) => leftAs(times, one)) &&
  !times.sent.some((one) => hasLeft(one) && one.at_ns > attempt.at_ns);

/** A DSACK is sent at once: after so many round trips it would have arrived. */
const SETTLED_RTTS = 2;

/**
 * A receiver keeps the timestamp only of a segment that begins where its acknowledgements end (RFC 7323): of the first in a packet from the
 * head of the queue. While it has not kept that one's, whatever it acknowledges of the packet's other segments came before, too.
 */
const isFromHead = ({ row }: Segment): boolean => row.head_of_queue;

/** Whether an acknowledgement echoes a timestamp from before the segment was sent again: then an earlier one brought it (RFC 3522). */
function echoesEarlier(row: Rows['packet'] | Rows['progress'], own: Transmission | undefined, { seq }: Segment): boolean {
  const again = own?.left?.row.tsval;
  return again !== undefined && again !== 0 && row.tsecr !== 0 && ahead(row.tsecr, again) < 0 && ahead(row.ack, seq) > 0;
}

/** Whether an acknowledgement echoes this attempt's timestamp, and every earlier transmission had an older one. */
function echoesOwn(row: Rows['packet'] | Rows['progress'], own: Transmission | undefined, earlier: readonly Transmission[]): boolean {
  const again = own?.left?.row.tsval;
  if (again === undefined || again === 0 || row.tsecr !== again) return false;
  return earlier.every(({ left }) => left !== undefined && ahead(left.row.tsval, again) < 0);
}
