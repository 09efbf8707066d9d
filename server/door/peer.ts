// Names who asks. The limits of one peer are counted by this name.
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';

/** `address` is undefined where the client has already closed the connection. */
export type Asking = { address: string | undefined; headers: IncomingHttpHeaders };

/** Where a request comes from, as far as proxies that are trusted say. IPv4 has one spelling, whatever the socket listens on. */
export function addressOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return (ip ?? 'gone').replace(/^::ffff:(?=\d+\.)/i, '');
}

const HEX64 = /^[0-9a-f]{16}$/;

/** The peer of an agent's request. All agents may come from one address, through a tunnel or a proxy, so the host's id is part of it. */
export function agentPeer({ address = 'gone', headers }: Asking): string {
  const host = headers[HEADERS.hostId];
  return typeof host === 'string' && HEX64.test(host) ? `${address} ${host}` : address;
}

/** The peer of a person's request. Browsers and tools are apart, so that a script that asks without end takes nothing from the page. */
export function personPeer({ address = 'gone', headers }: Asking): string {
  return `${address} ${isBrowser(headers) ? 'browser' : 'tool'}`;
}

/** Browsers put `Sec-Fetch-*` headers into each request, and no page can make them leave those out. */
function isBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] !== undefined || headers.origin !== undefined;
}
