// Routes for an agent's own identity: join, say hello after a start, change its secret.
import { Type } from 'typebox';
import { HELLO_PATH, JOIN_PATH, ROTATE_PATH } from '../../agent/contract/credential.ts';
import { Hello, HelloRequest, Joined, JoinRequest, RotateRequest } from '../../agent/contract/enrolment.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import { NOBODY, type Principal } from '../door/principal.ts';
import { JOIN_NEEDED } from '../door/rights.ts';
import { certificateEnd } from '../door/tls/client-certificate.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import type { Agents } from './agents.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;
const Done = Type.Object({ digest: Type.String() });

export function registerAgents(app: App, agents: Agents, audit: Audit): void {
  const bodyLimit = LIMITS.people_body.number;
  app.post(JOIN_PATH, {
    bodyLimit,
    schema: { summary: 'Become an agent that the collector knows', body: JoinRequest, response: { 200: Joined, ...refusals } },
    handler: async (request) => {
      const { who } = request;
      const body = { ...request.body, certificate_ends_ms: certificateEnd(request) };
      const target = body.name;
      const joined = await audit.of(request, { action: body.rejoin ? 'agent_rejoin' : 'agent_join', target }, async () =>
        body.enrolment === '' ? agents.fork(body, hostOf(who), Date.now()) : agents.join(body, Date.now()),
      );
      return { ...joined, digest: request.body_digest ?? '' };
    },
  });
  app.post(HELLO_PATH, {
    bodyLimit,
    schema: { summary: 'An agent has started', body: HelloRequest, response: { 200: Hello, ...refusals } },
    handler: async (request) => {
      const body = { ...request.body, certificate_ends_ms: certificateEnd(request) };
      return { ...(await agents.hello(hostOf(request.who), body, Date.now())), digest: request.body_digest ?? '' };
    },
  });
  app.post(ROTATE_PATH, {
    bodyLimit,
    schema: { summary: 'Another secret for an agent', body: RotateRequest, response: { 200: Done, ...refusals } },
    handler: async ({ body, who, body_digest = '' }) => {
      await agents.rotate(hostOf(who), body.secret_sha256);
      return { digest: body_digest };
    },
  });
}

/** The host of the agent that asks. @throws Refusal `join_needed` where it shows no credential */
function hostOf({ host_id }: Principal = NOBODY): string {
  if (host_id === undefined) throw new Refusal('join_needed', JOIN_NEEDED);
  return host_id;
}
