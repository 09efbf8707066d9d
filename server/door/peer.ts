// Names the peer of a request. Limits for each peer are counted by this name.
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';

/** `address` is undefined where the client has already closed the connection. */
export type Asking = { address: string | undefined; headers: IncomingHttpHeaders };

/** The address of the client, as reported by trusted proxies. An IPv4 address has the same text on an IPv4 and on an IPv6 socket. */
export function addressOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return (ip ?? 'gone').replace(/^::ffff:(?=\d+\.)/i, '');
}

const HEX64 = /^[0-9a-f]{16}$/;

/** The peer of an agent's request. All agents may come from one address, through a tunnel or a proxy, so the host's id is part of it. */
export function agentPeer({ address = 'gone', headers }: Asking): string {
  const host = headers[HEADERS.hostId];
  return typeof host === 'string' && HEX64.test(host) ? `${address} ${host}` : address;
}

/** The peer of a person's request. Browsers and tools count apart, so that a script in a loop cannot use up the page's share. */
export function personPeer({ address = 'gone', headers }: Asking): string {
  return `${address} ${isBrowser(headers) ? 'browser' : 'tool'}`;
}

/** Browsers send `Sec-Fetch-*` headers with each request, and a page cannot remove them. */
function isBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] !== undefined || headers.origin !== undefined;
}
