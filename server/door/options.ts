// The collector's options about its address, TLS, proxies and log-in.
import { existsSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../../agent/process/errors.ts';
import { isLoopback } from '../../agent/process/loopback.ts';
import type { OptionTable, OptionValues } from '../../agent/process/options.ts';
import { parseAddress, parseUrl } from '../../agent/process/units.ts';
import { StartError } from '../errors.ts';
import { PEOPLE_OPTIONS, peopleTrouble } from './people-options.ts';

export const DOOR_OPTIONS = {
  listen: {
    flags: '--listen <host:port>',
    help: 'address of the dashboards, the API and the agents; beyond loopback it speaks TLS, and who comes has to show who they are',
    parse: parseAddress,
    fallback: '127.0.0.1:8600',
    env: 'TCPLENS_LISTEN',
  },
  publicUrl: {
    flags: '--public-url <url>',
    help: 'where agents and browsers reach this collector, if not at its host name: behind a load balancer, in a container',
    parse: parseUrl,
    env: 'TCPLENS_PUBLIC_URL',
  },
  tlsCert: {
    flags: '--tls-cert <file>',
    help: 'certificate with its chain, PEM; read again when it changes. Without it the collector makes a CA and a certificate of its own',
    parse: file,
    env: 'TCPLENS_TLS_CERT',
  },
  tlsKey: { flags: '--tls-key <file>', help: 'private key of --tls-cert, PEM', parse: file, env: 'TCPLENS_TLS_KEY' },
  tlsCa: {
    flags: '--tls-ca <file>',
    help: 'CA that signed --tls-cert, PEM, if it is not one that every machine trusts: agents that join trust it from then on',
    parse: file,
    env: 'TCPLENS_TLS_CA',
  },
  agentClientCa: {
    flags: '--agent-client-ca <file>',
    help: 'CA, PEM: agents need a client certificate of it, beside their credential',
    parse: file,
    env: 'TCPLENS_AGENT_CLIENT_CA',
  },
  insecure: { flags: '--insecure', help: 'plain HTTP beyond loopback: who is in between can read, change and forge everything' },
  login: { flags: '--login', help: 'also on loopback nobody sees or sends anything without showing who they are' },
  trustedProxy: {
    flags: '--trusted-proxy <cidr>',
    help: 'addresses of proxies whose X-Forwarded-For is believed, with commas; who comes through one has to log in',
    parse: cidrs,
    env: 'TCPLENS_TRUSTED_PROXY',
  },
  ...PEOPLE_OPTIONS,
} as const satisfies OptionTable;

export type DoorConfig = OptionValues<typeof DOOR_OPTIONS>;

/** Whether this process itself serves TLS. */
export function speaksTls({ listen, tlsCert, insecure }: Pick<DoorConfig, 'listen' | 'tlsCert' | 'insecure'>): boolean {
  return tlsCert !== undefined || (!isLoopback(listen.host) && !insecure);
}

/** @throws StartError where options contradict each other */
export function checkDoor({ tlsCert, tlsKey, tlsCa, insecure, ...rest }: DoorConfig): void {
  const refuse = (message: string) => {
    throw new StartError('options_do_not_fit', message);
  };
  if ((tlsCert === undefined) !== (tlsKey === undefined)) refuse('--tls-cert and --tls-key come together: give both, or neither.');
  if (tlsCa !== undefined && tlsCert === undefined) refuse('--tls-ca says who signed --tls-cert: give that, too.');
  if (tlsCert !== undefined && insecure) refuse('--insecure means plain HTTP, and --tls-cert TLS: give one of them.');
  const trouble = peopleTrouble(rest);
  if (trouble !== '') refuse(trouble);
  if (rest.agentClientCa !== undefined && !speaksTls({ ...rest, tlsCert, insecure }))
    refuse('--agent-client-ca needs TLS: give --tls-cert and --tls-key, or listen beyond loopback.');
}

/** Whether an address is in one of the ranges. */
export function isTrusted(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function cidrs(text: string): string[] {
  return text.split(',').map((one) => {
    const [address = '', bits, ...more] = one.trim().split('/');
    const most = { 4: 32, 6: 128, 0: -1 }[isIP(address) as 0 | 4 | 6];
    const isSound = most >= 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
    if (isSound) return one.trim();
    throw new ConfigError('bad_value', `"${one}" is no range of addresses: write it like 10.0.0.0/8 or fd00::/8`);
  });
}

function file(text: string): string {
  if (existsSync(text)) return text;
  throw new ConfigError('bad_value', `there is no file ${text}`);
}
