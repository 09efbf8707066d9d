// How long a sender's application kept its connection waiting though something was still in flight, which the kernel counts as busy. Times in
// microseconds.

import type { PacketSighting, ProgressSighting, Seen } from './seen.ts';
import { ahead } from './sequence.ts';

/** A process that waits for room in its send buffer writes so soon after the acknowledgement that makes some; and in so much of the pause. */
const WOKEN_US = 5000;
const WOKEN_SHARE = 0.25;

/**
 * Pauses between packets with new data of this end, at whose end nothing waited to be sent, and no acknowledgement had just come that could
 * have let it be written: it was not written before. 0: no rows tell that.
 */
export function heldBackUs({ sent, taken, received }: Seen): number {
  let us = 0;
  let at = 0;
  let heard: ProgressSighting | undefined;
  const data = newData(sent);
  const others = newData(received);
  let other = 0;
  for (const [index, packet] of data.entries()) {
    const before = data[index - 1];
    for (; (taken[at]?.at_ns ?? Infinity) < packet.at_ns; at++) heard = taken[at];
    const answered = other;
    for (; (others[other]?.at_ns ?? Infinity) < packet.at_ns; other++);
    // After an answer it is no pause in sending.
    if (!before || answered !== other || !heard || heard.row.notsent > 0) continue;
    const pause_us = (packet.at_ns - before.at_ns) / 1000;
    const since_us = (packet.at_ns - Math.max(heard.at_ns, before.at_ns)) / 1000;
    if (since_us >= Math.max(WOKEN_US, pause_us * WOKEN_SHARE)) us += pause_us;
  }
  return us;
}

/** How long at least nothing waited to be sent, though the congestion window had room: neither the path nor the peer held it up. */
export function emptyUs({ taken }: Seen): number {
  let us = 0;
  for (const [at, { at_ns, row }] of taken.entries()) {
    const before = taken[at - 1];
    const is_repairing = row.lost_out > 0 || row.retrans_out > 0 || row.ca_state === 'recovery' || row.ca_state === 'loss';
    if (before && row.notsent === 0 && row.packets_out > 0 && row.packets_out < row.snd_cwnd && !is_repairing)
      us += (at_ns - before.at_ns) / 1000;
  }
  return us;
}

/** Packets with data that had not been in one before. */
export function newData(packets: readonly PacketSighting[]): PacketSighting[] {
  let highest: number | undefined;
  return packets.filter(({ row, end }) => {
    if (row.length === 0 || (highest !== undefined && ahead(end, highest) <= 0)) return false;
    highest = end;
    return true;
  });
}
