// Beyond what was sent again: why connects failed, who reset connections, and what made connections slow. Pure.
import type { ConnectVerdict } from './connect-cause.ts';
import { judgeConnects } from './connects.ts';
import type { Evidence } from './evidence.ts';
import { Flows } from './flows.ts';
import { Hosts } from './hosts.ts';
import { atOnce, type Joined, joinInSteps } from './joined.ts';
import { judgeResets, type ResetVerdict } from './resets.ts';
import { judgeSlow } from './slow.ts';
import type { SlowVerdict } from './slow-cause.ts';

export type Causes = { connects: ConnectVerdict[]; resets: ResetVerdict[]; slow: SlowVerdict[] };

export function judgeCauses(evidence: Evidence): Causes {
  return atOnce(causesInSteps(atOnce(joinInSteps(evidence))));
}

/** The same in steps, each as long as one look at all rows, or at all of one connection. */
export function* causesInSteps(joined: Joined): Generator<undefined, Causes> {
  const flows = new Flows(joined.evidence);
  yield;
  const hosts = new Hosts(joined.evidence);
  yield;
  const connects = yield* judgeConnects(joined.evidence, flows, hosts);
  yield;
  const resets = yield* judgeResets(joined, flows, hosts);
  yield;
  return { connects, resets, slow: yield* judgeSlow(joined) };
}
