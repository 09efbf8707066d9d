// What is known of a packet beside its headers, for a capture: why it was sent again, and whose it is.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import type { Cause, NotNeeded, Verdict } from '../verdict/cause.ts';
import type { Evidence } from '../verdict/evidence.ts';

const CAUSE_WORDS = {
  lost_outward: 'the one before did not come to the receiver',
  lost_backward: 'the one before had come, and its acknowledgement was lost',
  not_needed: 'not needed',
  dropped_here: 'the one before was dropped by this host',
  dropped_between: 'the one before was dropped by a host on the way',
  dropped_at_receiver: "the one before was dropped by the receiver's host",
  not_known: 'why is not known',
} as const satisfies Record<Cause, string>;

const WHY_WORDS = {
  reordered: 'what was sent later came before it',
  delayed: 'it was on its way, or its acknowledgement',
  delayed_ack: 'the receiver had it and had not acknowledged it yet',
  arrived: 'it had arrived already',
} as const satisfies Record<NotNeeded, string>;

/** A retransmission is sent within its row's call. */
const CALL_NS = 2_000_000n;

/** A comment for each packet; empty where nothing is known of it. */
export function commentsOf(evidence: Evidence, verdicts: readonly Verdict[]): (row: PacketRow) => string {
  const by_connection = Map.groupBy(verdicts, ({ segment: { row } }) => `${row.host_id} ${row.connection_id}`);
  const isn_of = new Map(evidence.connection.map((row) => [`${row.host_id} ${row.connection_id}`, row.snd_isn]));
  return (row) => {
    const key = `${row.host_id} ${row.connection_id}`;
    const owner = row.pid === 0 ? [] : [`${row.comm} (pid ${row.pid})`];
    const again = (by_connection.get(key) ?? []).find(({ segment }) => isThat(row, segment.row, isn_of.get(key)));
    return [...owner, ...(again === undefined ? [] : [againWords(again)])].join('; ');
  };
}

function isThat(packet: PacketRow, { time_ns, seq }: Verdict['segment']['row'], isn: number | undefined): boolean {
  const later_ns = packet.time_ns - time_ns;
  const starts_there = isn === undefined || isn === 0 || (packet.seq - isn) >>> 0 === seq;
  return packet.place === 'device_out' && packet.length > 0 && starts_there && later_ns > -CALL_NS && later_ns < CALL_NS;
}

function againWords({ segment, cause, why, place }: Verdict): string {
  const where =
    place === undefined || place.reason === '' ? '' : ` (${place.reason}${place.location === '' ? '' : ` in ${place.location}`})`;
  return `retransmission (${segment.row.class}): ${CAUSE_WORDS[cause]}${where}${why === undefined ? '' : `: ${WHY_WORDS[why]}`}`;
}
