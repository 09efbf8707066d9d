// Which addresses and names mean this machine. Both the agent's /metrics and the collector answer requests of this machine only.
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0 ? host.toLowerCase() === 'localhost' : loopback.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** The name or address in a Host header, without its port; empty where there is none. */
export function hostIn(header: string | undefined): string {
  const found = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return found?.[1] ?? found?.[2] ?? '';
}

/** The name or address in a URL; of IPv6 without its brackets. */
export function hostInUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Whether a Host header names this machine. A foreign page can make its own name resolve to 127.0.0.1 and so read what only this machine
 * should (DNS rebinding); the browser then still sends that name.
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  return isLoopback(hostIn(header));
}
