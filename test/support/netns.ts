// Two hosts on one machine: namespaces joined by a veth pair, with IPv4 and IPv6, removed again whatever happens.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { waitFor } from './wait.ts';

export type Family = 'ipv4' | 'ipv6';
export type Netns = {
  name: string;
  address: Record<Family, string>;
  run(...command: string[]): string;
  start(...command: string[]): ChildProcess;
  /** the kernel's own counters of this namespace since it was made, by nstat's names */
  nstat(): Record<string, number>;
};
export type Pair = { client: Netns; server: Netns; close(): void };

let made = 0;
const prefix = `tl${process.pid}x`;

/** A name that no other namespace has, by which isOwnNetns() knows it. */
export const freshName = (): string => `${prefix}${made++}`;

/** Whether this process made the namespace of that name. */
export const isOwnNetns = (name: string): boolean => name.startsWith(prefix);

export const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A handle on a namespace that exists. `history` is a folder for what nstat remembers. */
export function netns(name: string, address: Record<Family, string>, history: string): Netns {
  // Without a history of its own per namespace nstat would print differences to another namespace's counters.
  const env = { ...process.env, NSTAT_HISTORY: join(history, `${name}.nstat`) };
  const run = (...command: string[]) =>
    execFileSync('ip', ['netns', 'exec', name, ...command], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    name,
    address,
    run,
    start: (...command) => spawn('ip', ['netns', 'exec', name, ...command], { env, stdio: ['pipe', 'pipe', 'inherit'] }),
    nstat: () => (JSON.parse(run('nstat', '-asz', '--json')) as { kernel: Record<string, number> }).kernel,
  };
}

/** With these a connect gives up in seconds, and an address is usable at once. */
export const SYSCTLS = ['net.ipv4.tcp_syn_retries=2', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0'];

/** What joins a pair: a veth pair, or a TUN device at each end for a program to carry packets between them. */
export type Link = 'veth' | 'tun';

/** More than any burst of the tests: a full device would lose packets that nobody meant to lose. */
const TUN_QUEUE = '10000';

function connect(link: Link, { client, server }: { client: string; server: string }): void {
  if (link === 'veth') {
    ip('link', 'add', 'eth0', 'netns', client, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server);
    return;
  }
  for (const name of [client, server]) {
    ip('-n', name, 'tuntap', 'add', 'dev', 'eth0', 'mode', 'tun');
    ip('-n', name, 'link', 'set', 'eth0', 'txqueuelen', TUN_QUEUE);
  }
}

/** Makes a pair of namespaces that reach each other. Needs root. */
export function makePair(link: Link = 'veth'): Pair {
  const id = freshName();
  const history = mkdtempSync(join(tmpdir(), 'tcplens-nstat-'));
  const names = { client: `${id}c`, server: `${id}s` };
  const close = () => {
    for (const name of Object.values(names)) {
      try {
        ip('netns', 'del', name);
      } catch {
        // never made, or gone already
      }
    }
    rmSync(history, { recursive: true, force: true });
  };
  try {
    for (const name of Object.values(names)) ip('netns', 'add', name);
    connect(link, names);
    const client = netns(names.client, { ipv4: '10.77.0.1', ipv6: 'fd77::1' }, history);
    const server = netns(names.server, { ipv4: '10.77.0.2', ipv6: 'fd77::2' }, history);
    for (const side of [client, server]) {
      side.run('sysctl', '-qw', ...SYSCTLS);
      side.run('ip', 'link', 'set', 'lo', 'up');
      side.run('ip', 'addr', 'add', `${side.address.ipv4}/24`, 'dev', 'eth0');
      side.run('ip', 'addr', 'add', `${side.address.ipv6}/64`, 'dev', 'eth0', 'nodad');
      side.run('ip', 'link', 'set', 'eth0', 'up');
    }
    return { client, server, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Waits until a namespace has no TCP socket but listeners and those in TIME_WAIT, which no longer count. */
export async function socketsGone(side: Netns): Promise<void> {
  // One that waits for a FIN in place of a closed socket is shown as FIN-WAIT-2, and is in TIME_WAIT all the same.
  const living = () =>
    side.run('ss', '-Htanop', 'exclude', 'time-wait', 'exclude', 'listening').replaceAll(/^.*timer:\(timewait.*\n/gm, '');
  await waitFor(`the end of the sockets of ${side.name}`, living, (text) => text.trim() === '', 200);
}

/** Drops a share of the TCP packets without SYN that arrive in a namespace. */
export function lose(side: Netns, family: Family, probability: number): void {
  const iptables = family === 'ipv4' ? 'iptables' : 'ip6tables';
  const match = ['-p', 'tcp', '--tcp-flags', 'SYN', 'NONE', '-m', 'statistic', '--mode', 'random', '--probability', String(probability)];
  side.run(iptables, '-A', 'INPUT', ...match, '-j', 'DROP');
}

/** Drops each so many-th TCP packet with data that arrives in a namespace: where few are sent, a share might leave all of them. */
export function loseEach(side: Netns, family: Family, every: number): void {
  const iptables = family === 'ipv4' ? 'iptables' : 'ip6tables';
  const match = ['-p', 'tcp', '-m', 'length', '--length', '200:', '-m', 'statistic', '--mode', 'nth', '--every', String(every)];
  side.run(iptables, '-A', 'INPUT', ...match, '--packet', '0', '-j', 'DROP');
}

/** Drops everything that arrives for a port: a black hole. */
export function swallow(side: Netns, family: Family, port: number): void {
  side.run(family === 'ipv4' ? 'iptables' : 'ip6tables', '-A', 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
}
