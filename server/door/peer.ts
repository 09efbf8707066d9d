// Who asks, as far as that can be told while nobody has to log in: what one of them may use up is bounded by this name.
import type { IncomingHttpHeaders } from 'node:http';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';

/** `address` is undefined where the client has gone already. */
export type Asking = { address: string | undefined; headers: IncomingHttpHeaders };

const HEX64 = /^[0-9a-f]{16}$/;

/** Of agents: all may come from one address, through a tunnel or a proxy, so the host that they speak for tells them apart. */
export function agentPeer({ address = 'gone', headers }: Asking): string {
  const host = headers[HEADERS.hostId];
  return typeof host === 'string' && HEX64.test(host) ? `${address} ${host}` : address;
}

/** Of people: a script that asks without end takes nothing from who has the page open beside it. */
export function personPeer({ address = 'gone', headers }: Asking): string {
  return `${address} ${isBrowser(headers) ? 'browser' : 'tool'}`;
}

/** Browsers say of each request what it is for; no page can make them leave that out. */
function isBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] !== undefined || headers.origin !== undefined;
}
