// Serves /metrics at a bounded cost, whoever scrapes: one rendering a second, a bounded number of answers from it, few connections. The agent
// has one thread for this and for emptying the rings.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, reasonOf } from '../process/errors.ts';
import { hostIn, isLoopback, isLoopbackHostHeader } from '../process/loopback.ts';
import type { Endpoint } from '../process/units.ts';

export const CONNECTIONS_MAX = 32;
const RENDERING_MS = 1000;
/** Answers from one rendering; further requests wait for the next. */
const ANSWERS_MAX = 2 * CONNECTIONS_MAX;
/** Time in which a request has to arrive, and for which an idle connection is kept. */
const IDLE_MS = 5000;
/** Time in which a client has to read the answer. */
const ANSWER_MS_MAX = 10_000;
const LIMITS = { headersTimeout: IDLE_MS, requestTimeout: IDLE_MS, keepAliveTimeout: IDLE_MS, connectionsCheckingInterval: 1000 };

/**
 * Resolves when the server listens.
 * @throws AgentError when the address cannot be listened on
 */
export async function serveMetrics({ host, port }: Endpoint, render: () => Promise<string>): Promise<Server> {
  const cache = new Rendering(render);
  const connections = new Connections();
  const server = createServer(LIMITS, (request, response) => {
    connections.busy(request.socket, response);
    void answer(request, response, host, cache);
  });
  server.on('connection', (socket: Socket) => connections.add(socket));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise.catch((error: unknown) => {
    throw new AgentError('metrics_address', `cannot serve /metrics on ${host}:${port}: use another --metrics address, or none`, {
      cause: error,
    });
  });
  return server;
}

/**
 * Whether a Host header is a scraper's, and not that of a page whose name was made to resolve to this address (DNS rebinding): such a page
 * always sends a name, never an address.
 */
export function isScraperOf(bound: string, machine: string, header: string | undefined): boolean {
  if (isLoopbackHostHeader(header)) return true;
  if (isLoopback(bound)) return false;
  const host = hostIn(header);
  return isIP(host) !== 0 || (host !== '' && (host === machine || host === bound));
}

async function answer(request: IncomingMessage, response: ServerResponse, bound: string, cache: Rendering): Promise<void> {
  const { url, method, headers } = request;
  const refuse = (status: number, why: string) => response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`);
  if (!isScraperOf(bound, hostname(), headers.host)) {
    refuse(403, 'the Host header must be an address that this agent listens on, or the name of its machine');
  } else if (url?.split('?')[0] !== '/metrics') refuse(404, 'here is only /metrics');
  else if (method !== 'GET' && method !== 'HEAD') refuse(405, `/metrics takes GET, not ${method}`);
  else {
    try {
      const text = await cache.text();
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': text.length }).end(text);
    } catch (error) {
      refuse(500, `the metrics cannot be collected: ${reasonOf(error)}`);
    }
  }
}

class Rendering {
  readonly #render: () => Promise<string>;
  #at_ms = Number.NEGATIVE_INFINITY;
  #text: Promise<Buffer> = Promise.resolve(Buffer.alloc(0));
  #answers = 0;

  constructor(render: () => Promise<string>) {
    this.#render = render;
  }

  /** The last rendering, at most a second old: one buffer for all requests. */
  async text(): Promise<Buffer> {
    for (;;) {
      const left_ms = this.#at_ms + RENDERING_MS - performance.now();
      if (left_ms <= 0) {
        this.#at_ms = performance.now();
        this.#answers = 0;
        this.#text = this.#render().then((text) => Buffer.from(text));
      }
      this.#answers++;
      if (this.#answers <= ANSWERS_MAX) return this.#text;
      await sleep(left_ms);
    }
  }
}

/** Beyond the limit of connections, closes the one that has been idle the longest, or the newest if none is idle. */
class Connections {
  readonly #open = new Set<Socket>();
  /** idle connections, the one that has been idle the longest first */
  readonly #idle = new Set<Socket>();

  add(socket: Socket): void {
    if (this.#open.size >= CONNECTIONS_MAX) {
      const [longest = socket] = this.#idle;
      this.#close(longest);
      if (longest === socket) return;
    }
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.once('close', () => this.#close(socket));
  }

  busy(socket: Socket, response: ServerResponse): void {
    this.#idle.delete(socket);
    const timer = setTimeout(() => this.#close(socket), ANSWER_MS_MAX).unref();
    response.once('close', () => {
      clearTimeout(timer);
      if (this.#open.has(socket)) this.#idle.add(socket);
    });
  }

  #close(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
    socket.destroy();
  }
}
