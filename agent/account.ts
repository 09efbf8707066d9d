// What became of the rows, kind by kind. The kernel counts what it wanted to write, the ledger everything after the
// drain; together they are the account that travels to the collector.
import { KIND, type Kind, type KindCounters } from '../bpf/rows.gen.ts';
import type { KindAccount } from './agent-report.ts';

/** The ways a drained row can end. */
export type Outcome = 'sent' | 'queue_dropped' | 'rejected';

/** Rows of one kind. drained = sent + queue_dropped + rejected + what is still queued. */
export type KindLedger = Record<Outcome | 'drained', number>;

export type Ledger = Record<Kind, KindLedger>;

/** One value for each kind. */
export function eachKind<Value>(make: (kind: Kind) => Value): Record<Kind, Value> {
  return Object.fromEntries(KIND.map((kind) => [kind, make(kind)])) as Record<Kind, Value>;
}

export function emptyLedger(): Ledger {
  return eachKind(() => ({ drained: 0, sent: 0, queue_dropped: 0, rejected: 0 }));
}

/** Rows drained and in no final place yet. */
export function queuedRows({ drained, sent, queue_dropped, rejected }: KindLedger): number {
  return drained - sent - queue_dropped - rejected;
}

/**
 * One kind's account. What no filter wanted was never to be a row and is in none of its figures. Rows that are still in the kernel's ring are in `seen` and nowhere else, so read the counters
 * after a drain.
 */
export function accountOf(ledger: KindLedger, counters: KindCounters): KindAccount {
  return {
    seen: counters.written + counters.ring_lost + counters.withheld,
    sent: ledger.sent,
    queued: queuedRows(ledger),
    ring_lost: counters.ring_lost,
    withheld: counters.withheld,
    queue_dropped: ledger.queue_dropped,
    rejected: ledger.rejected,
  };
}
