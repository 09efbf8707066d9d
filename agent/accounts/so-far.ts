// How many rows this run has seen and lost so far, all kinds together: whether a change of settings does harm.
import { KIND, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import type { RowsSoFar } from '../contract/control.ts';
import { AGENT_LOSSES } from '../contract/outcome.ts';
import type { Ledger } from './ledger.ts';

/** @param isOff whether a kind is switched off: its rows are withheld on purpose, and not counted */
export function rowsSoFar(
  ledger: Ledger,
  counters: Readonly<Record<Kind, KindCounters>>,
  isOff: (kind: Kind) => boolean,
): Pick<RowsSoFar, 'seen' | 'lost' | 'withheld'> {
  const sum = (of: (kind: Kind) => number) => KIND.reduce((total, kind) => total + of(kind), 0);
  const inKernel = (kind: Kind) => counters[kind].ring_lost + counters[kind].missed;
  const withheld = (kind: Kind) => (isOff(kind) ? 0 : counters[kind].withheld);
  return {
    seen: sum((kind) => ledger[kind].drained + inKernel(kind) + withheld(kind)),
    lost: sum((kind) => inKernel(kind) + AGENT_LOSSES.reduce((lost, loss) => lost + ledger[kind][loss], 0)),
    withheld: sum(withheld),
  };
}
