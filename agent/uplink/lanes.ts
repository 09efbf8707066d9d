// Who may send next: batches that were just cut, so that a page shows them, or those that have waited. Pure.

export type Lane = 'live' | 'backlog';

/** Enough to hide the collector's fsync, few enough to stay in order mostly. */
export const SLOTS = 6;

/**
 * The lane that the next free slot is for; undefined where none is free or nothing waits. While both have something to send, neither
 * has all slots.
 */
export function nextLane(waiting: Record<Lane, boolean>, under_way: Record<Lane, number>, slots: number): Lane | undefined {
  if (under_way.live + under_way.backlog >= slots) return undefined;
  const kept = waiting.backlog && under_way.backlog === 0 && slots > 1 ? 1 : 0;
  if (waiting.live && under_way.live < slots - kept) return 'live';
  // One slot is never taken by what has waited anyway, so that the next live batch need not.
  return waiting.backlog && under_way.backlog < Math.max(1, slots - 1) ? 'backlog' : undefined;
}
