// Puts together what is known of each host: its reports, its enrolment, and what this collector noticed. Pure.
import type { Agent } from '../access/agents.ts';
import type { FleetHost } from '../api/fleet.ts';
import { decimal } from '../storage/accounting.ts';
import type { HeardHost } from '../storage/queries/fleet.ts';
import { skewOf, stateOf, type VersionRefusal } from './state.ts';

/** The labels that each host has joined with, by its id in decimal. */
export const labelsOf = (agents: { list(): readonly Agent[] }): ReadonlyMap<string, Agent['labels']> =>
  new Map(agents.list().map(({ host_id, labels }) => [decimal(host_id), labels]));

/** Members that the store is asked for only where a host is on the shown page. */
export type Details = Pick<FleetHost, 'hooks_refused' | 'connections_per_s' | 'stored'>;
export type KnownHost = Omit<FleetHost, keyof Details>;

/** What this collector itself knows. Host ids are in decimal. */
export type Noticed = {
  version: string;
  retire_after_ms: number;
  refusal: (host_id: string) => VersionRefusal | undefined;
  clockAhead: (host_id: string) => number | null;
};

/** The assumed interval of reports of an agent that has joined and not reported: after three of them it counts as silent. */
const FIRST_MS = 60_000;

/**
 * Hosts that have reported, and hosts that have joined without a report so far.
 * @param seconds of the range that the figures of `heard` cover
 */
export function knownHosts(
  heard: readonly HeardHost[],
  agents: readonly Agent[],
  { version, retire_after_ms, refusal, clockAhead }: Noticed,
  { now_ms, seconds }: { now_ms: number; seconds: number },
): KnownHost[] {
  const joined = joinedBy(agents);
  const seen = new Set(heard.map(({ host_id }) => host_id));
  const unheard = [...joined.keys()].filter((id) => !seen.has(id)).map(unheardHost);
  return [...heard, ...unheard].map(({ host_id, seen: rows, sent, waiting, lost, ...told }) => {
    const agent = joined.get(host_id);
    const rows_per_s = rows / Math.min(seconds, Math.max(1, (now_ms - told.began_ms) / 1000));
    const joined_ms = agent?.joined_ms ?? null;
    const hasReported = told.last_ms > 0;
    const [began_ms, last_ms] = hasReported ? [told.began_ms, told.last_ms] : [joined_ms ?? 0, joined_ms ?? 0];
    const isRevoked = agent?.revoked_ms !== undefined;
    return {
      host_id,
      name: hasReported ? told.name : (agent?.name ?? ''),
      state: stateOf({ began_ms, last_ms, interval_ms: told.interval_ms, waiting, rows_per_s, isRevoked }, now_ms, retire_after_ms),
      labels: agent?.labels ?? {},
      kernel: told.kernel,
      agent_version: told.agent_version,
      skew: hasReported ? skewOf(told.agent_version, version, refusal(host_id)) : 'same',
      rows_per_s,
      seen: rows,
      sent,
      waiting,
      lost,
      clock_ahead_ms: clockAhead(host_id),
      certificate_ends_ms: agent?.certificate_ends_ms ?? null,
      credential_ms: agent?.secret_ms ?? null,
      joined_ms,
      revoked_ms: agent?.revoked_ms ?? null,
      cloned_from: agent?.cloned_from ?? null,
      same_machine: agent?.same_machine ?? [],
      began_ms: hasReported ? began_ms : null,
      last_seen_ms: hasReported ? last_ms : null,
      interval_ms: told.interval_ms,
    };
  });
}

const unheardHost = (host_id: string): HeardHost => ({
  host_id,
  name: '',
  kernel: '',
  agent_version: '',
  began_ms: 0,
  last_ms: 0,
  interval_ms: FIRST_MS,
  seen: 0,
  sent: 0,
  waiting: 0,
  lost: { kernel: 0, agent: 0, collector: 0 },
});

type Joined = Pick<Agent, 'name' | 'labels' | 'joined_ms' | 'secret_ms' | 'certificate_ends_ms' | 'revoked_ms'> &
  Pick<FleetHost, 'cloned_from' | 'same_machine'>;

/** By the host's id in decimal. */
function joinedBy(agents: readonly Agent[]): Map<string, Joined> {
  const names = new Map(agents.map(({ host_id, name }) => [host_id, name]));
  const machines = Map.groupBy(agents, ({ machine_sha256 }) => machine_sha256);
  const other = (host_id: string) => ({ host_id: decimal(host_id), name: names.get(host_id) ?? host_id });
  return new Map(
    agents.map(({ host_id, machine_sha256, cloned_from, ...agent }) => {
      const same = (machines.get(machine_sha256) ?? []).filter((one) => one.host_id !== host_id).slice(0, SAME_MOST);
      return [
        decimal(host_id),
        {
          ...agent,
          cloned_from: cloned_from === undefined ? null : other(cloned_from),
          same_machine: same.map((one) => other(one.host_id)),
        },
      ];
    }),
  );
}

/** A thousand machines may be clones of one image: each host lists only so many of the others. */
const SAME_MOST = 20;
