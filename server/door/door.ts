// The checks that every request passes first: its Host header must name this machine, it must not come from another site's page, and it
// must say how long its body is. Then its body is read into the memory of its road (rows, reports or people).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { digestOf } from '../../agent/contract/secret.ts';
import { hostIn } from '../../agent/process/loopback.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';

import type { Metrics } from '../metrics.ts';
import { readBody } from './body.ts';
import { Budget } from './budget.ts';
import { isAgentPath, type Road, roadOf } from './paths.ts';
import { addressOf, agentPeer, personPeer } from './peer.ts';
import { siteRefusal } from './site.ts';
import { checkCertificate } from './tls/client-certificate.ts';

export type DoorOptions = {
  in_flight_bytes_max: number;
  metrics: Metrics;
  /** whether a Host header names this collector */
  isOwnName: (host: string) => boolean;
  /** whether agents must show a client certificate of --agent-client-ca */
  asksCertificate: boolean;
};

/** To be registered after the hooks of the WebSocket plugin, which close the connection of a refused upgrade. */
export function registerDoor(app: App, { in_flight_bytes_max, metrics, isOwnName, asksCertificate }: DoorOptions): void {
  const budgets = budgetsOf(in_flight_bytes_max);
  const answers = new WeakMap<IncomingMessage, ServerResponse>();
  app.addHook('onRequest', async (request, reply) => {
    checkRequest(request, isOwnName);
    if (asksCertificate && isAgentPath(request.routeOptions.url)) checkCertificate(request);
    answers.set(request.raw, reply.raw);
  });
  const read = async (request: FastifyRequest, payload: Readable): Promise<Buffer> => {
    const road = roadOf(request.routeOptions.url);
    const { body, held } = await readBody(payload, budgets[road], { peer: peerOf(road, request), length: lengthOf(request.headers) });
    request.body_digest = digestOf(body);
    const giveBack = () => budgets[road].release(held);
    const answer = answers.get(request.raw);
    if (!answer || answer.closed) giveBack();
    else answer.once('close', giveBack);
    return body;
  };
  const json = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', (request, payload, done) => {
    read(request, payload).then((body) => json(request, body.toString('utf8'), done), done);
  });
  app.decorate('readBytes', read);
  app.decorateRequest('body_digest', undefined);
  const description = 'memory that bodies of requests hold, by road';
  metrics.gauge('in_flight', 'By', description, () =>
    (Object.keys(budgets) as Road[]).map((road): [number, { road: Road }] => [budgets[road].bytes, { road }]),
  );
}

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * SHA-256 of the body as it arrived, in hex; undefined until it has been read. Each answer to that body has it, so that an agent
     * can tell it from the answer of a proxy, a login page or a cache.
     */
    body_digest: string | undefined;
  }
  interface FastifyInstance {
    /** A content type parser that returns the body's bytes as they are. */
    readBytes: (request: FastifyRequest, payload: IncomingMessage) => Promise<Buffer>;
  }
}

function budgetsOf(in_flight_bytes_max: number): Record<Road, Budget> {
  const slow_ms = LIMITS.slow_ms.number;
  const share = ({ number }: { number: number }) => Math.floor(in_flight_bytes_max * number);
  return {
    rows: new Budget({
      bytes_max: share(LIMITS.rows_in_flight),
      // At least one whole batch of a peer fits.
      peer_bytes_max: Math.max(share(LIMITS.rows_in_flight_peer), LIMITS.rows_body.number),
      slow_ms,
    }),
    reports: new Budget({ bytes_max: LIMITS.reports_in_flight.number, peer_bytes_max: LIMITS.reports_in_flight_peer.number, slow_ms }),
    people: new Budget({ bytes_max: LIMITS.people_in_flight.number, peer_bytes_max: LIMITS.people_in_flight_peer.number, slow_ms }),
  };
}

const HOST_FORBIDDEN =
  'the Host header must name this machine: as 127.0.0.1 or localhost, beyond loopback as its certificate does; --public-url adds a name';

function checkRequest({ method, url, headers, socket, routeOptions }: FastifyRequest, isOwnName: DoorOptions['isOwnName']): void {
  // Skips the work for a client that has closed its connection.
  if (socket.destroyed) throw new Refusal('client_gone', 'the client closed the connection before it had an answer');
  // Agents check the collector's certificate, so they may reach it by any name.
  if (!isAgentPath(routeOptions.url) && !isOwnName(hostIn(headers.host))) throw new Refusal('host_forbidden', HOST_FORBIDDEN);
  const refusal = siteRefusal({ method, url, headers });
  if (refusal) throw refusal;
  if (headers['transfer-encoding'] !== undefined)
    throw new Refusal('length_required', 'the header content-length is missing: send the body in one piece');
  const length = lengthOf(headers);
  const { bodyLimit } = routeOptions;
  if (bodyLimit !== undefined && length > bodyLimit) throw new Refusal('too_large', `the body has ${length} bytes, ${bodyLimit} may be`);
}

/** Node has checked that the header is a number. */
function lengthOf({ 'content-length': length = '0' }: FastifyRequest['headers']): number {
  return Number(length);
}

function peerOf(road: Road, request: FastifyRequest): string {
  const asking = { address: addressOf(request), headers: request.headers };
  return road === 'people' ? personPeer(asking) : agentPeer(asking);
}
