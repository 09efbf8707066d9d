// A capture of what passes a namespace's device.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Netns } from '../support/netns.ts';

export type Capture = { stop(): Promise<void> };

/** Starts tcpdump on eth0; resolves once it listens. `stop` throws if it has missed packets. */
export async function startCapture(netns: Netns, file: string): Promise<Capture> {
  const options = ['-i', 'eth0', '-s', '200', '-B', '16384', '-U', '--immediate-mode', '-Z', 'root', '-w', file, 'tcp'];
  const child = spawn('ip', ['netns', 'exec', netns.name, 'tcpdump', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  let said = '';
  const listening = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    said += `${line}\n`;
    if (line.includes('listening on')) listening.resolve();
  });
  void ended.then(() => listening.reject(new Error(`tcpdump ended: ${said}`)));
  await listening.promise;
  return {
    async stop() {
      child.kill('SIGINT');
      await ended;
      const [, captured] = /(\d+) packets? captured/.exec(said) ?? [];
      const [, received] = /(\d+) packets? received/.exec(said) ?? [];
      if (captured !== received || !/\b0 packets dropped by kernel/.test(said)) throw new Error(`tcpdump missed packets: ${said}`);
    },
  };
}
