// Routes for people: agents and enrolments.
import {
  AgentParams,
  AgentRemoval,
  AgentRemoved,
  Agents as AgentsAnswer,
  Done,
  EnrolmentParams,
  Enrolments as EnrolmentsAnswer,
  MadeEnrolment,
  NewEnrolment,
} from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import type { Agents } from './agents.ts';
import type { Enrolments } from './enrolments.ts';
import type { HostRemoval } from './host-removal.ts';

export type AccessParts = {
  agents: Agents;
  removal: HostRemoval;
  enrolments: Enrolments;
  audit: Audit;
  /** The line that a host joins with, from an enrolment's id and secret. */
  line: (id: string, secret: string) => string;
};

const refusals = { '4xx': Problem, '5xx': Problem } as const;
const done = { done: true as const };

export function registerAccess(app: App, { agents, removal, enrolments, audit, line }: AccessParts): void {
  app.get(ADMIN_API.enrolments, {
    schema: { summary: 'The lines that hosts can join with', response: { 200: EnrolmentsAnswer, ...refusals } },
    handler: async () => ({
      enrolments: enrolments
        .list()
        .toSorted((a, b) => b.made_ms - a.made_ms)
        .map(({ secret_sha256: _, revoked_ms = null, ...rest }) => ({ ...rest, revoked_ms })),
    }),
  });
  app.post(ADMIN_API.enrolments, {
    schema: { summary: 'A line that hosts can join with', body: NewEnrolment, response: { 200: MadeEnrolment, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'enrolment_make', target: labelsText(request.body.labels) }, async () => {
        const { id, secret, ends_ms } = await enrolments.make(request.body, Date.now());
        return { id, line: line(id, secret), ends_ms };
      }),
  });
  app.delete(ADMIN_API.enrolment, {
    schema: { summary: 'Nobody can join with it any more', params: EnrolmentParams, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'enrolment_revoke', target: request.params.id }, async () => {
        await enrolments.revoke(request.params.id, Date.now());
        return done;
      }),
  });
  registerAgentsOf(app, { agents, removal, audit });
}

function registerAgentsOf(app: App, { agents, removal, audit }: Pick<AccessParts, 'agents' | 'removal' | 'audit'>): void {
  app.get(ADMIN_API.agents, {
    schema: { summary: 'The agents that have joined', response: { 200: AgentsAnswer, ...refusals } },
    handler: async () => {
      const all = agents.list().toSorted((a, b) => a.name.localeCompare(b.name) || a.host_id.localeCompare(b.host_id));
      const machines = Map.groupBy(all, ({ machine_sha256 }) => machine_sha256);
      return {
        agents: all.map(({ host_id, name, labels, joined_ms, revoked_ms = null, cloned_from = null, machine_sha256 }) => {
          const same_machine = (machines.get(machine_sha256) ?? []).map((other) => other.host_id).filter((id) => id !== host_id);
          return { host_id, name, labels, joined_ms, revoked_ms, cloned_from, same_machine };
        }),
      };
    },
  });
  app.post(ADMIN_API.revoke, {
    schema: { summary: 'Refuse this agent from now on', params: AgentParams, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'agent_revoke', target: request.params.host_id }, async () => {
        await agents.revoke(request.params.host_id, Date.now());
        return done;
      }),
  });
  app.delete(ADMIN_API.agent, {
    schema: {
      summary: 'Forget this agent, and if asked for, all that is stored of its host',
      params: AgentParams,
      querystring: AgentRemoval,
      response: { 200: AgentRemoved, ...refusals },
    },
    handler: (request) => {
      const { host_id } = request.params;
      const { rows = 'keep' } = request.query;
      return audit.of(request, { action: 'agent_remove', target: host_id, detail: `rows=${rows}` }, async () => {
        if (rows === 'keep') await removal.forget(host_id);
        else await removal.remove(host_id, Date.now());
        return { done: true as const, rows: rows === 'keep' ? ('kept' as const) : ('being_removed' as const) };
      });
    },
  });
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
