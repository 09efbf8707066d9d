// What is known of a packet beside its headers, for a capture: why it was sent again, and whose it is.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import type { Cause, NotNeeded, Verdict } from '../verdict/cause.ts';
import type { Evidence } from '../verdict/evidence.ts';
import { placeWhere } from '../verdict/in-order.ts';

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
export function commentsOf({ connection }: Pick<Evidence, 'connection'>, verdicts: readonly Verdict[]): (row: PacketRow) => string {
  const by_connection = Map.groupBy(verdicts, ({ segment: { row } }) => socketOf(row));
  for (const own of by_connection.values()) own.sort((a, b) => Number(a.segment.row.time_ns - b.segment.row.time_ns));
  const isn_of = new Map(connection.map((row) => [socketOf(row), row.snd_isn]));
  return (row) => {
    const owner = row.pid === 0 ? [] : [`${row.comm} (pid ${row.pid})`];
    const again = againOf(row, by_connection.get(socketOf(row)) ?? [], isn_of.get(socketOf(row)));
    return [...owner, ...(again === undefined ? [] : [againWords(again)])].join('; ');
  };
}

const socketOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }): string => `${host_id} ${connection_id}`;

/** The verdict on what this packet sends again. `verdicts` are its connection's, in the order of time. */
function againOf(packet: PacketRow, verdicts: readonly Verdict[], isn: number | undefined): Verdict | undefined {
  if (packet.place !== 'device_out' || packet.length === 0) return undefined;
  const near = placeWhere(verdicts, ({ segment: { row } }) => row.time_ns > packet.time_ns - CALL_NS);
  for (let at = near; at < verdicts.length; at++) {
    const verdict = verdicts[at];
    if (verdict === undefined || verdict.segment.row.time_ns >= packet.time_ns + CALL_NS) return undefined;
    if (isn === undefined || isn === 0 || (packet.seq - isn) >>> 0 === verdict.segment.row.seq) return verdict;
  }
  return undefined;
}

function againWords({ segment, cause, why, place }: Verdict): string {
  const where =
    place === undefined || place.reason === '' ? '' : ` (${place.reason}${place.location === '' ? '' : ` in ${place.location}`})`;
  return `retransmission (${segment.row.class}): ${CAUSE_WORDS[cause]}${where}${why === undefined ? '' : `: ${WHY_WORDS[why]}`}`;
}
