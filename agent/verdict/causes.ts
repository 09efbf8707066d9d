// Beyond what was sent again: why connects failed, who reset connections, and what made connections slow. Pure.
import type { ConnectVerdict } from './connect-cause.ts';
import { judgeConnects } from './connects.ts';
import type { Evidence } from './evidence.ts';
import { Flows } from './flows.ts';
import { Hosts } from './hosts.ts';
import { judgeResets, type ResetVerdict } from './resets.ts';
import { judgeSlow } from './slow.ts';
import type { SlowVerdict } from './slow-cause.ts';

export type Causes = { connects: ConnectVerdict[]; resets: ResetVerdict[]; slow: SlowVerdict[] };

export function judgeCauses(evidence: Evidence): Causes {
  const flows = new Flows(evidence);
  const hosts = new Hosts(evidence);
  return { connects: judgeConnects(evidence, flows, hosts), resets: judgeResets(evidence, flows, hosts), slow: judgeSlow(evidence) };
}
