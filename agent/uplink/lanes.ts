// Which lane may send next: `live`, the batches that were just cut, so that a page shows them soon, or `backlog`, those that wait in the
// spool. Pure.

export type Lane = 'live' | 'backlog';

/** Requests at a time: enough to hide the collector's fsync, few enough that batches mostly arrive in order. */
export const SLOTS = 6;

/**
 * The lane that gets the next free slot; undefined where no slot is free or nothing waits. While both lanes have batches, neither gets
 * all slots.
 */
export function nextLane(waiting: Record<Lane, boolean>, under_way: Record<Lane, number>, slots: number): Lane | undefined {
  if (under_way.live + under_way.backlog >= slots) return undefined;
  const kept = waiting.backlog && under_way.backlog === 0 && slots > 1 ? 1 : 0;
  if (waiting.live && under_way.live < slots - kept) return 'live';
  // The backlog never gets the last slot, even while it is alone: the next live batch need not wait for one.
  return waiting.backlog && under_way.backlog < Math.max(1, slots - 1) ? 'backlog' : undefined;
}
