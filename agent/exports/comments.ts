// What is known of a packet beside its headers, for a capture: why it was sent again, and whose it is.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import type { Cause, NotNeeded, Verdict } from '../verdict/cause.ts';

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

/** A comment for each packet; empty where nothing is known of it. */
export function commentsOf(verdicts: readonly Verdict[]): (row: PacketRow) => string {
  const by_packet = Map.groupBy(verdicts, ({ packet }) => packet && keyOf(packet));
  return (row) => {
    const owner = row.pid === 0 ? [] : [`${row.comm} (pid ${row.pid})`];
    return [...owner, ...againWords(by_packet.get(keyOf(row)) ?? [])].join('; ');
  };
}

const keyOf = ({ host_id, connection_id, time_ns, seq }: PacketRow): string => `${host_id} ${connection_id} ${time_ns} ${seq}`;

/** `all`: of the segments of one packet. */
function againWords(all: readonly Verdict[]): string[] {
  const [first] = all;
  if (first === undefined) return [];
  const found = [...Map.groupBy(all, causeWords)].map(([words, of]) =>
    of.length === all.length ? words : `${of.length} of ${all.length}: ${words}`,
  );
  const segments = all.length === 1 ? '' : `, ${all.length} segments`;
  return [`retransmission (${first.segment.row.class}${segments}): ${found.join('; ')}`];
}

function causeWords({ cause, why, place }: Verdict): string {
  const where =
    place === undefined || place.reason === '' ? '' : ` (${place.reason}${place.location === '' ? '' : ` in ${place.location}`})`;
  return `${CAUSE_WORDS[cause]}${where}${why === undefined ? '' : `: ${WHY_WORDS[why]}`}`;
}
