// What agents say became of their rows, and what share of them was stored.
import { COUNTS, type Counts } from '../entities.ts';
import type { Store } from '../store.ts';

/** The newest account of every host's running agent, since its start. */
export const CURRENT_ACCOUNTS = '(SELECT * FROM account FINAL WHERE (host_id, epoch) IN (SELECT host_id, epoch FROM host FINAL))';

/** All kinds of one host, or of all. */
export async function sumAccounts(store: Store, host_id?: string): Promise<Counts> {
  const sums = COUNTS.map((name) => `sum(${name}) AS ${name}`).join(', ');
  const where = host_id === undefined ? '' : 'WHERE host_id = {host_id:UInt64}';
  const [counts] = await store.query<Counts>(`SELECT ${sums} FROM ${CURRENT_ACCOUNTS} ${where}`, { host_id });
  return counts ?? { seen: 0, sent: 0, queued: 0, ring_lost: 0, queue_dropped: 0, rejected: 0 };
}

/** Stored rows over rows that were to be stored, 0–1; what is still under way counts as neither. Null before the first row. */
export function completenessOf({ seen, sent, queued }: Counts): number | null {
  const due = seen - queued;
  return due > 0 ? Math.min(1, sent / due) : null;
}
