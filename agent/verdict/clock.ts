// How far one host's clock is ahead of another's. A packet cannot come before it was sent; so each way's fastest packet bounds the
// difference on one side, whatever either way takes. No assumption is made that both ways take the same.
import type { PacketSighting } from './seen.ts';

/** The other end's clock minus this end's, in nanoseconds: `offset_ns` ± `uncertainty_ns`, which is Infinity where nothing bounds one side. */
export type Clock = { offset_ns: number; uncertainty_ns: number };

export const SAME_CLOCK: Clock = { offset_ns: 0, uncertainty_ns: 0 };

/** The least that the way takes, in nanoseconds, plus what the receiving clock is ahead; Infinity: no packet was seen at both ends. */
export function fastest(sent: readonly PacketSighting[], received: readonly PacketSighting[]): number {
  const once = new Map<string, number | undefined>();
  // One that was sent twice and looks the same is no measure.
  for (const sighting of sent) {
    const name = identity(sighting);
    once.set(name, once.has(name) ? undefined : sighting.at_ns);
  }
  let least = Infinity;
  for (const sighting of received) {
    const sent_ns = once.get(identity(sighting));
    if (sent_ns !== undefined) least = Math.min(least, sighting.at_ns - sent_ns);
  }
  return least;
}

/** All of a packet that stays the same on its way, through address translation too. */
function identity({ seq, end, row }: PacketSighting): string {
  return `${seq} ${end} ${row.tcp_flags} ${row.ack} ${row.tsval} ${row.tsecr} ${row.ip_id} ${row.sack1_from} ${row.sack1_to}`;
}

type Packets = { sent: readonly PacketSighting[]; received: readonly PacketSighting[] };

/** The clock of `other` as seen from `own`. */
export function clockOf(own: Packets, other: Packets, is_same_host: boolean): Clock {
  return clockBetween(fastest(own.sent, other.received), fastest(other.sent, own.received), is_same_host);
}

/** By what the fastest packet took in each direction, nanoseconds as `fastest` gives them. */
export function clockBetween(outward_ns: number, backward_ns: number, is_same_host: boolean): Clock {
  if (is_same_host) return SAME_CLOCK;
  const [most, least] = [outward_ns, -backward_ns];
  if (Number.isFinite(most) && Number.isFinite(least))
    return { offset_ns: (most + least) / 2, uncertainty_ns: Math.max(0, (most - least) / 2) };
  const bound = [most, least].find(Number.isFinite) ?? 0;
  return { offset_ns: bound, uncertainty_ns: Infinity };
}

/** Narrows what several connections of the same two hosts say: each bound holds for all of them. */
export function narrowest(clocks: readonly Clock[]): Clock {
  const bounded = clocks.filter(({ uncertainty_ns }) => Number.isFinite(uncertainty_ns));
  const [first] = bounded.length > 0 ? bounded : clocks;
  if (!first || bounded.length === 0) return first ?? { offset_ns: 0, uncertainty_ns: Infinity };
  const least = Math.max(...bounded.map(({ offset_ns, uncertainty_ns }) => offset_ns - uncertainty_ns));
  const most = Math.min(...bounded.map(({ offset_ns, uncertainty_ns }) => offset_ns + uncertainty_ns));
  return { offset_ns: (most + least) / 2, uncertainty_ns: Math.max(0, (most - least) / 2) };
}
