// What limited one side while it was the one to send. Times in microseconds.
import { emptyUs, heldBackUs } from './held-back.ts';
import { busyParts } from './limits.ts';
import { isShut, unreadOf } from './reading.ts';
import type { Side } from './sides.ts';
import { type Limiter, type Part, part, rowsOf } from './slow-cause.ts';
import { DELAYED_ACK_US } from './turns.ts';

/**
 * `sending_us`: the time in which this side was to go on sending; undefined: not known, its busy time is taken. `waits`: answers of the
 * peer. Up to each, about one round trip counted as busy too; it is taken off.
 */
export function sendingParts(side: Side, receiver: Side | undefined, sending_us: number | undefined, waits: number): Part[] {
  const { account, end } = side;
  const { receiver_us, sender_us: stopped_us, host_us, network_us } = busyParts(account);
  const acknowledged_us = Math.min(network_us, waits * (roundUs(side) + DELAYED_ACK_US));
  const all_us = receiver_us + stopped_us + host_us + network_us - acknowledged_us;
  const spare_us = Math.max(0, (sending_us ?? all_us) - all_us);
  const others_us = network_us - acknowledged_us;
  const is_buffer = stopped_us > 0;
  // The kernel notes that a process waits for send buffer only as it sends the next segment, so part of the wait looks like the path's.
  const room_us = is_buffer ? Math.min(others_us, Math.max(0, emptyUs(side.seen) - stopped_us)) : 0;
  // Data in flight makes a connection busy, but does not limit a process that has nothing more to send. One that waited for room had more.
  const nothing_us = is_buffer ? 0 : Math.min(others_us, Math.max(0, heldBackUs(side.seen) - spare_us));
  const moving_us = others_us - room_us - nothing_us;
  const loss_us = Math.min(side.repair_us, moving_us);
  const busy: [Limiter, number][] = [
    [windowOf(side, receiver, receiver_us), receiver_us],
    ['sender_buffer', stopped_us + room_us],
    ['sender_host', host_us],
    ['loss', loss_us],
    [is_buffer && side.seen.taken.length === 0 && stopped_us < moving_us ? 'not_known' : 'path', moving_us - loss_us],
    ['sender_application', nothing_us],
  ];
  const scale = sending_us !== undefined && all_us > sending_us ? sending_us / all_us : 1;
  const parts = busy.map(([limiter, us]) => partOf(limiter, us * scale, side, receiver));
  return [...parts, part('sender_application', spare_us, end, [...rowsOf(account), ...lastSent(side)])];
}

/** How long a round trip takes at least. */
export const roundUs = ({ account }: Side): number => account.rtt_min_us;

function partOf(limiter: Limiter, us: number, side: Side, receiver: Side | undefined): Part {
  const rows = rowsOf(side.account);
  if (limiter === 'receiver_application' || limiter === 'receiver_buffer') {
    const unread = receiver && unreadOf(receiver.seen).most;
    const shut = receiver?.samples.find(isShut);
    return part(limiter, us, receiver?.end, [...rows, ...(unread ? [unread.row] : []), ...(shut ? [shut] : [])]);
  }
  if (limiter === 'receiver_window') return part(limiter, us, receiver?.end, rows, 'progress or sample rows of the receiver');
  if (limiter === 'not_known') return part(limiter, us, undefined, rows, 'progress rows of the sender: whether its buffer was full');
  if (limiter === 'loss') return part(limiter, us, undefined, [...rows, ...side.repairs.slice(0, SHOWN)]);
  return part(limiter, us, limiter === 'path' ? undefined : side.end, rows);
}

const SHOWN = 5;
const lastSent = ({ seen }: Side) => seen.sent.slice(-1).map(({ row }) => row);

/** From this share of the time on, something counts as the cause. */
const MOST = 0.5;
/** From this share of its life in repair on, a connection's full window holds data behind a hole, which no application could have read. */
const REPAIR_SHARE = 0.1;

/** Why the receiver's window was full for so long. */
function windowOf(side: Side, receiver: Side | undefined, us: number): Limiter {
  const unread = receiver && unreadOf(receiver.seen);
  if (unread && unread.us >= MOST * us) return 'receiver_application';
  if (side.repair_us >= REPAIR_SHARE * side.account.total_us) return 'loss';
  const shut = receiver?.samples.filter(isShut).length ?? 0;
  if (receiver && shut > 0 && shut >= MOST * receiver.samples.length) return 'receiver_application';
  if (unread && unread.looked_us >= MOST * us) return 'receiver_buffer';
  return 'receiver_window';
}
