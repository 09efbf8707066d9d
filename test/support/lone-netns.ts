// A host without neighbours: one namespace with nothing but loopback, on which every address of 127.0.0.0/8 and of
// fd77::/64 answers.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import process from 'node:process';

export type LoneNetns = { name: string; start(...command: string[]): ChildProcess; run(...command: string[]): string; close(): void };

let made = 0;

/**
 * A client's port is free again after a second, not a minute: connections that come fast enough to use all ports up
 * then still find one. Not setting tcp_max_tw_buckets keeps TIME_WAIT as it is elsewhere.
 */
const SYSCTLS = ['net.ipv4.tcp_tw_reuse=1', 'net.ipv4.ip_local_port_range=10000 60000'];

/** Makes the namespace. Needs root. */
export function makeLone(): LoneNetns {
  const name = `tll${process.pid}x${made++}`;
  const run = (...command: string[]) =>
    execFileSync('ip', ['netns', 'exec', name, ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const close = () => execFileSync('ip', ['netns', 'del', name]);
  execFileSync('ip', ['netns', 'add', name]);
  try {
    run('ip', 'link', 'set', 'lo', 'up');
    run('ip', '-6', 'route', 'add', 'local', 'fd77::/64', 'dev', 'lo');
    run('sysctl', '-qw', ...SYSCTLS);
  } catch (error) {
    close();
    throw error;
  }
  return {
    name,
    start: (...command) => spawn('ip', ['netns', 'exec', name, ...command], { stdio: ['pipe', 'pipe', 'inherit'] }),
    run,
    close,
  };
}
