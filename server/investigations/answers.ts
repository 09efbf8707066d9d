// An investigation for people: what was asked for, and its progress at each host.
import type { AtHost, Investigation as InvestigationAnswer, OneInvestigation } from '../api/investigations.ts';
import type { Control } from '../control.ts';
import { LIMITS } from '../limits.ts';
import type { Queryable } from '../storage/engine.ts';
import type { Investigation } from './book.ts';
import { endOf, progressAt } from './host-state.ts';

const HOSTS_SHOWN_MAX = 1000;

/** Hosts that have joined, and hosts with a control channel here that have not joined. */
export function knownHosts({ access, channels }: Control): string[] {
  const joined = access.agents.list().filter(({ revoked_ms }) => revoked_ms === undefined);
  return [...new Set([...joined.map(({ host_id }) => host_id), ...channels.hosts()])];
}

export async function oneOf(control: Control, store: Queryable, investigation: Investigation): Promise<OneInvestigation> {
  const { investigations, hostOf } = control;
  const heard = await investigations.states.of(store, investigation.id, LIMITS.control_channels.number);
  const meant = knownHosts(control).filter((host_id) => investigations.isMeant(investigation, host_id));
  const now_ms = Date.now();
  const all = [...new Set([...meant, ...heard.keys()])].map((host_id): AtHost => {
    const host = hostOf(host_id).name || host_id;
    return { host_id, host, ...progressAt(heard.get(host_id), investigation, now_ms) };
  });
  const countOf = (state: AtHost['state']) => all.filter((at) => at.state === state).length;
  return {
    ...answerOf(investigation, now_ms),
    counts: { waiting: countOf('waiting'), running: countOf('running'), ended: countOf('ended') },
    at_hosts: all.toSorted((a, b) => a.host.localeCompare(b.host)).slice(0, HOSTS_SHOWN_MAX),
  };
}

export function answerOf(investigation: Investigation, now_ms: number): InvestigationAnswer {
  const { stopped_ms = null, user_stacks = false, kept_until_ms, ...rest } = investigation;
  const state = endOf(investigation) > now_ms ? 'running' : 'ended';
  return { ...rest, user_stacks, stopped_ms, kept_until_ms: kept_until_ms === 0 ? null : kept_until_ms, state };
}
