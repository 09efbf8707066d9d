// What became of the rows of this run, by kind, for metrics and the log. What reports send to collectors is in accounting.ts.
import { COUNTERS, KIND, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import { AGENT_LOSSES, type AgentLoss, LOSSES, type Loss, type LossAt, lossesAt, OUTCOMES, type Outcome } from '../contract/outcome.ts';
import type { Accounting } from './accounting.ts';

type AgentOutcome = Exclude<Outcome, LossAt<'collector'>>;

/** The outcomes that an agent knows of, in the order of the pipeline. */
export const STAGES = OUTCOMES.filter(
  (outcome): outcome is AgentOutcome => !(outcome in LOSSES) || LOSSES[outcome as Loss] !== 'collector',
);
export const KERNEL_LOSSES = lossesAt('kernel');

/** Rows of one kind. drained = sent + the agent's losses + those that wait. */
export type KindLedger = Record<AgentLoss | 'sent' | 'drained', number>;

export type Ledger = Record<Kind, Readonly<KindLedger>>;

/** One value for each kind. */
export function eachKind<Value>(make: (kind: Kind) => Value): Record<Kind, Value> {
  return Object.fromEntries(KIND.map((kind) => [kind, make(kind)])) as Record<Kind, Value>;
}

export const noneCounted = () => Object.fromEntries(COUNTERS.map((name) => [name, 0])) as KindCounters;

/** The ledger of an agent that ships nothing. */
export function emptyLedger(): Ledger {
  const losses = Object.fromEntries(AGENT_LOSSES.map((loss) => [loss, 0])) as Record<AgentLoss, number>;
  return eachKind(() => ({ drained: 0, sent: 0, ...losses }));
}

/** The ledger of one run: a view of the accounting, always up to date. */
export function ledgerOf(accounting: Accounting, epoch: string): Ledger {
  return eachKind((kind) => {
    const total = (outcome: Outcome) => ({ enumerable: true, get: () => accounting.total(epoch, kind, outcome) });
    const drained = () =>
      KERNEL_LOSSES.reduce((rest, loss) => rest - accounting.total(epoch, kind, loss), accounting.total(epoch, kind, 'seen'));
    const properties = Object.fromEntries([...AGENT_LOSSES, 'sent' as const].map((outcome) => [outcome, total(outcome)]));
    return Object.defineProperties({}, { drained: { enumerable: true, get: drained }, ...properties }) as KindLedger;
  });
}

/** Rows that were drained, and neither sent nor lost yet. */
export function queuedRows(ledger: Readonly<KindLedger>): number {
  return AGENT_LOSSES.reduce((rest, loss) => rest - ledger[loss], ledger.drained - ledger.sent);
}

/**
 * One kind's account. Events that no filter matched are in none of its figures. Rows that are still in the kernel's ring are in `seen` and
 * in no other figure, so read the counters after a drain.
 */
export function accountOf(ledger: Readonly<KindLedger>, counters: KindCounters): Record<AgentOutcome | 'queued', number> {
  const { drained: _, ...ends } = ledger;
  return {
    ...ends,
    seen: KERNEL_LOSSES.reduce((sum, loss) => sum + counters[loss], counters.written),
    ring_lost: counters.ring_lost,
    withheld: counters.withheld,
    missed: counters.missed,
    queued: queuedRows(ledger),
  };
}
