// A proxy in front of a collector, as bad as told: it answers in its place, changes what it said, or cuts the connection.
import { once } from 'node:events';
import http, { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { bodyOf } from '../../../support/body-of.ts';

/** What the collector answered. */
export type Real = { status: number; headers: Record<string, string>; body: string };

/** Does with a request what an honest proxy would not. `ask` passes it on and gives the collector's answer. */
export type Foul = (socket: Socket, ask: () => Promise<Real>, request: IncomingMessage) => Promise<void> | void;

export type Front = {
  url: string;
  /** undefined: an honest proxy */
  foul: Foul | undefined;
  /** requests that were not treated honestly */
  fouled: number;
  /** Ends what hangs, and every kept connection. */
  cut(): void;
  close(): void;
};

export async function openFront(collector: string): Promise<Front> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    // Who broke off is answered nothing; passed on, the request would wait for the rest of its body.
    if (body === undefined) return;
    const { foul } = front;
    const ask = () => passOn(collector, request, body);
    if (foul !== undefined) {
      front.fouled++;
      await foul(request.socket, ask, request);
      return;
    }
    const { status, headers, body: said } = await ask();
    response.writeHead(status, headers).end(said);
  });
  const front: Front = {
    url: '',
    foul: undefined,
    fouled: 0,
    cut: () => server.closeAllConnections(),
    close: () => server.close().closeAllConnections(),
  };
  server.on('connection', (socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return front;
}

async function passOn(collector: string, { method, url, headers: { host: _, ...headers } }: IncomingMessage, body: Buffer): Promise<Real> {
  const request = http.request(collector + url, { method, headers, agent: false }).end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await answer.toArray()).toString();
  const { 'content-type': type = '', 'retry-after': retry_after } = answer.headers;
  return {
    status: answer.statusCode ?? 0,
    headers: { 'content-type': type, ...(retry_after && { 'retry-after': retry_after }) },
    body: text,
  };
}
