// Names and addresses of this machine.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { hostInUrl, isLoopback } from '../../../agent/process/loopback.ts';
import type { DoorConfig } from '../options.ts';

type Named = Pick<DoorConfig, 'listen' | 'publicUrl'>;

/** For the certificate and the check of the Host header; the name that people know comes first. */
export function ownNames({ listen, publicUrl }: Named): string[] {
  const named = publicUrl === undefined ? [] : [hostInUrl(publicUrl)];
  const bound = isWildcard(listen.host) ? [] : [listen.host];
  return [...new Set([...named, ...bound, hostname(), ...addresses(), 'localhost', '127.0.0.1', '::1'])];
}

/** The URL at which others reach the collector, without a path: --public-url, or else a guess. */
export async function publicUrlOf({ listen, publicUrl }: Named, scheme: 'http' | 'https', port: number): Promise<string> {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '');
  const host = isWildcard(listen.host) ? await reachableName() : listen.host;
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** The host's name if it resolves to an own address that others can reach, else such an address. */
async function reachableName(): Promise<string> {
  const own = addresses();
  const found = await lookup(hostname(), { all: true }).catch(() => []);
  return found.some(({ address }) => own.includes(address)) ? hostname() : (own[0] ?? hostname());
}

function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const reachable = all.filter(({ address, scopeid = 0 }) => !isLoopback(address) && scopeid === 0);
  return reachable.toSorted((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address);
}

const isWildcard = (host: string) => host === '0.0.0.0' || host === '::';
