// Limits how often people and agents may ask.
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import { isAgentPath } from './paths.ts';
import { addressOf, agentPeer, personPeer } from './peer.ts';

const SECOND_MS = 1000;
type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Registers the plugin for the limits. Called after the rights, since agents are counted by the host that their credential names. */
export async function registerRates(app: App): Promise<void> {
  await app.register(rateLimit, { global: false });
}

export function peopleLimit(app: App): Hook {
  return limit(app, LIMITS.requests.number, 60 * SECOND_MS, (request) =>
    personPeer({ address: addressOf(request), headers: request.headers }),
  );
}

/**
 * @param flooded is called for each request that is refused, with the peer: the host's 16 hex digits, or its address and the host that it
 * claims
 */
export function limitAgents(app: App, flooded: (host: string) => void): void {
  const peerOf = (request: FastifyRequest) => request.who.host_id ?? agentPeer({ address: addressOf(request), headers: request.headers });
  const check = limit(app, LIMITS.agent_requests.number, 10 * SECOND_MS, peerOf, (request) => flooded(peerOf(request)));
  app.addHook('onRequest', async (request, reply) => {
    if (isAgentPath(request.routeOptions.url)) await check(request, reply);
  });
}

function limit(
  app: App,
  max: number,
  timeWindow: number,
  keyGenerator: (request: FastifyRequest) => string,
  onExceeded: (request: FastifyRequest) => void = () => undefined,
): Hook {
  const handler = app.rateLimit({
    max,
    timeWindow,
    keyGenerator,
    onExceeded,
    errorResponseBuilder: (_request, { ttl }) =>
      new Refusal('too_many_requests', `more than ${max} requests in ${timeWindow / SECOND_MS} s: try again`, {
        retry_after_s: Math.ceil(ttl / SECOND_MS),
      }),
  });
  return async (request, reply) => {
    await handler.call(app, request, reply);
  };
}
