// How long a sender's application wrote nothing while data was still in flight; the kernel counts that time as busy. Times in microseconds.

import type { PacketSighting, ProgressSighting, Seen } from './seen.ts';
import { ahead } from './sequence.ts';

/**
 * A process that waits for room in its send buffer writes soon after an acknowledgement makes room: within this time, or this share of the
 * pause if that is longer.
 */
const WOKEN_US = 5000;
const WOKEN_SHARE = 0.25;

/**
 * The sum of pauses between packets with new data of this end, where the application wrote late: nothing was queued at the pause's end, and
 * no acknowledgement had just come that could have woken the writer. 0 where no rows tell that.
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
    // Data of the peer in between makes it a turn, not a pause in sending.
    if (!before || answered !== other || !heard || heard.row.notsent > 0) continue;
    const pause_us = (packet.at_ns - before.at_ns) / 1000;
    const since_us = (packet.at_ns - Math.max(heard.at_ns, before.at_ns)) / 1000;
    if (since_us >= Math.max(WOKEN_US, pause_us * WOKEN_SHARE)) us += pause_us;
  }
  return us;
}

/** The least time in which nothing was queued though the congestion window had room: neither the path nor the peer held the sender up. */
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

/** Packets with data that no earlier packet had. */
export function newData(packets: readonly PacketSighting[]): PacketSighting[] {
  let highest: number | undefined;
  return packets.filter(({ row, end }) => {
    if (row.length === 0 || (highest !== undefined && ahead(end, highest) <= 0)) return false;
    highest = end;
    return true;
  });
}
