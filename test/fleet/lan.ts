// A network of hosts on one machine: a namespace each, with an address of its own, on one bridge. Needs root.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../support/project-files.ts';

export type Host = { name: string; address: string };
export type Lan = {
  /** Where the collector is; the bridge is there, too. */
  hub: Host;
  hosts: Host[];
  /** Runs a command in a host's namespace. */
  spawn(host: Host, command: string, args: readonly string[]): ChildProcess;
  close(): void;
};

const PREFIX = `tlf${process.pid}x`;
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** @param count at most 200 */
export function makeLan(count: number): Lan {
  const hub = { name: `${PREFIX}hub`, address: '10.78.0.1' };
  const hosts = Array.from({ length: count }, (_, index) => ({ name: `${PREFIX}${index}`, address: `10.78.0.${index + 10}` }));
  const close = () => {
    for (const { name } of [hub, ...hosts]) {
      try {
        ip('netns', 'del', name);
      } catch {
        // never made, or gone already
      }
    }
  };
  try {
    addHub(hub);
    for (const [index, host] of hosts.entries()) addHost(hub, host, `v${index}`);
  } catch (error) {
    close();
    throw error;
  }
  // Not `ip netns exec`: it would hide the machine's cgroups and tracefs.
  const within = (host: Host, command: string, args: readonly string[]) =>
    spawn('nsenter', [`--net=/run/netns/${host.name}`, command, ...args], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  return { hub, hosts, spawn: within, close };
}

function addHub({ name, address }: Host): void {
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('-n', name, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'br0');
  ip('-n', name, 'link', 'set', 'br0', 'up');
}

function addHost(hub: Host, { name, address }: Host, port: string): void {
  ip('netns', 'add', name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
  ip('link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', port, 'netns', hub.name);
  ip('-n', hub.name, 'link', 'set', port, 'master', 'br0', 'up');
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
}

export const LAUNCHER = join(root, 'tcplens');
