// How far one host's clock is ahead of another's. A packet cannot come before it was sent; so the fastest packet of each direction bounds
// the difference on one side. The two directions need not take the same time.
import type { PacketSighting } from './seen.ts';

/** The other end's clock minus this end's, in nanoseconds: `offset_ns` ± `uncertainty_ns`, which is Infinity where nothing bounds one side. */
export type Clock = { offset_ns: number; uncertainty_ns: number };

export const SAME_CLOCK: Clock = { offset_ns: 0, uncertainty_ns: 0 };

/** `at_ns` undefined: several packets that look the same were sent. */
type Sent = { packet: PacketSighting; at_ns: number | undefined; next: Sent | undefined };

/** The least that the way takes, in nanoseconds, plus what the receiving clock is ahead; Infinity: no packet was seen at both ends. */
export function fastest(sent: readonly PacketSighting[], received: readonly PacketSighting[]): number {
  const alike = new Map<number, Sent>();
  const find = (packet: PacketSighting, hash: number): Sent | undefined => {
    let one = alike.get(hash);
    while (one && !isSame(one.packet, packet)) one = one.next;
    return one;
  };
  for (const packet of sent) {
    const hash = hashOf(packet);
    const known = find(packet, hash);
    // Of packets that look the same nobody knows which one came.
    if (known) known.at_ns = undefined;
    else alike.set(hash, { packet, at_ns: packet.at_ns, next: alike.get(hash) });
  }
  let least = Infinity;
  for (const packet of received) {
    const sent_ns = find(packet, hashOf(packet))?.at_ns;
    if (sent_ns !== undefined) least = Math.min(least, packet.at_ns - sent_ns);
  }
  return least;
}

/** Compares all of a packet that stays the same on its way, also through address translation. */
function isSame({ seq, end, row }: PacketSighting, other: PacketSighting): boolean {
  return (
    seq === other.seq &&
    end === other.end &&
    row.tcp_flags === other.row.tcp_flags &&
    row.ack === other.row.ack &&
    row.tsval === other.row.tsval &&
    row.tsecr === other.row.tsecr &&
    row.ip_id === other.row.ip_id &&
    row.sack1_from === other.row.sack1_from &&
    row.sack1_to === other.row.sack1_to
  );
}

/** A 32-bit number that the same packets have in common, and few others. */
function hashOf({ seq, end, row }: PacketSighting): number {
  let hash = 0;
  for (const part of [seq, end, row.ack, row.tsval, row.ip_id, row.sack1_to]) hash = Math.imul(hash ^ part, 0x9e37_79b1) ^ (hash >>> 15);
  return hash;
}

type Packets = { sent: readonly PacketSighting[]; received: readonly PacketSighting[] };

/** The clock of `other` as seen from `own`. */
export function clockOf(own: Packets, other: Packets, is_same_host: boolean): Clock {
  return clockBetween(fastest(own.sent, other.received), fastest(other.sent, own.received), is_same_host);
}

/** The clock by what the fastest packet took in each direction, nanoseconds as `fastest` gives them. */
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
