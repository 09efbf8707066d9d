// All mutants, by folder.
import type { Table } from './mutant.ts';
import { agent } from './mutants/agent.ts';
import { agentDurable } from './mutants/agent-durable.ts';
import { agentInvestigations } from './mutants/agent-investigations.ts';
import { agentRecordings } from './mutants/agent-recordings.ts';
import { agentSettings } from './mutants/agent-settings.ts';
import { agentSpool } from './mutants/agent-spool.ts';
import { agentSweeps } from './mutants/agent-sweeps.ts';
import { agentVerdict } from './mutants/agent-verdict.ts';
import { bpfAttempts } from './mutants/bpf-attempts.ts';
import { bpfConnections } from './mutants/bpf-connections.ts';
import { bpfDetails } from './mutants/bpf-details.ts';
import { bpfDrops } from './mutants/bpf-drops.ts';
import { bpfListeners } from './mutants/bpf-listeners.ts';
import { bpfPackets } from './mutants/bpf-packets.ts';
import { dashboards } from './mutants/dashboards.ts';
import { dashboardsInvestigations } from './mutants/dashboards-investigations.ts';
import { loaderRows } from './mutants/loader-rows.ts';
import { loaderStart } from './mutants/loader-start.ts';
import { serverAccess } from './mutants/server-access.ts';
import { serverDoor } from './mutants/server-door.ts';
import { serverExplore } from './mutants/server-explore.ts';
import { serverFiles } from './mutants/server-files.ts';
import { serverFleet } from './mutants/server-fleet.ts';
import { serverLive } from './mutants/server-live.ts';
import { serverLog } from './mutants/server-log.ts';
import { serverMinutes } from './mutants/server-minutes.ts';
import { serverQueries } from './mutants/server-queries.ts';
import { serverRecordings } from './mutants/server-recordings.ts';
import { serverSettings } from './mutants/server-settings.ts';
import { serverStorage } from './mutants/server-storage.ts';
import { userStacks } from './mutants/user-stacks.ts';

export const MUTANTS: Table = {
  bpf: [...bpfAttempts, ...bpfConnections, ...bpfDetails, ...bpfDrops, ...bpfListeners, ...bpfPackets],
  loader: [...loaderRows, ...loaderStart],
  agent: [
    ...userStacks,
    ...agent,
    ...agentDurable,
    ...agentInvestigations,
    ...agentRecordings,
    ...agentSettings,
    ...agentSpool,
    ...agentSweeps,
    ...agentVerdict,
  ],
  server: [
    ...serverDoor,
    ...serverLog,
    ...serverExplore,
    ...serverQueries,
    ...serverStorage,
    ...serverFiles,
    ...serverRecordings,
    ...serverAccess,
    ...serverMinutes,
    ...serverLive,
    ...serverFleet,
    ...serverSettings,
  ],
  dashboards: [...dashboards, ...dashboardsInvestigations],
};
