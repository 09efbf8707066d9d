// What agents say became of their rows, and what share of them was not lost.
import { COUNTS, type Counts } from '../entities.ts';
import type { Store } from '../store.ts';

/** The newest account of every host's running agent, since its start. */
export const CURRENT_ACCOUNTS = '(SELECT * FROM account FINAL WHERE (host_id, epoch) IN (SELECT host_id, epoch FROM host FINAL))';

/** All kinds of one host, or of all. */
export async function sumAccounts(store: Store, host_id?: string): Promise<Counts> {
  const sums = COUNTS.map((name) => `sum(${name}) AS ${name}`).join(', ');
  const where = host_id === undefined ? '' : 'WHERE host_id = {host_id:UInt64}';
  const [counts] = await store.query<Counts>(`SELECT ${sums} FROM ${CURRENT_ACCOUNTS} ${where}`, { host_id });
  return counts ?? { seen: 0, sent: 0, queued: 0, ring_lost: 0, withheld: 0, queue_dropped: 0, rejected: 0 };
}

/**
 * The share of rows that was not lost anywhere, 0–1. By the named losses, not by what has arrived: rows in the kernel's rings
 * and in the agent's queue are under way, not missing. Null before the first row.
 */
export function completenessOf({ seen, ring_lost, withheld, queue_dropped, rejected }: Counts): number | null {
  return seen > 0 ? Math.max(0, seen - ring_lost - withheld - queue_dropped - rejected) / seen : null;
}
