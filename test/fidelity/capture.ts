// A capture of what passes a namespace's device.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Netns } from '../support/netns.ts';

/** How long tcpdump may take to catch up on a busy machine; packets that it has not taken by then are said to be missing. */
const CATCH_UP_MS_MAX = 60_000;

export type Capture = { stop(): Promise<void> };

/** Starts tcpdump on a device; resolves once it listens. `stop` throws if it has missed packets. */
export async function startCapture(netns: Netns, file: string, device = 'eth0'): Promise<Capture> {
  const options = ['-i', device, '-s', '200', '-B', '16384', '-U', '--immediate-mode', '-Z', 'root', '-w', file, 'tcp'];
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
      // When tcpdump is told to end, it leaves in its buffer what it has not taken from it.
      for (const until = Date.now() + CATCH_UP_MS_MAX; Date.now() < until; await sleep(20)) {
        const before = said.length;
        child.kill('SIGUSR1');
        while (said.length === before && Date.now() < until) await sleep(5);
        const { captured, received } = countsIn(said.slice(before));
        if (captured === received) break;
      }
      const before = said.length;
      child.kill('SIGINT');
      await ended;
      const { captured, received } = countsIn(said.slice(before));
      if (captured !== received || !/\b0 packets dropped by kernel/.test(said)) throw new Error(`tcpdump missed packets: ${said}`);
    },
  };
}

function countsIn(said: string): { captured: string | undefined; received: string | undefined } {
  return { captured: /(\d+) packets? captured/.exec(said)?.[1], received: /(\d+) packets? received/.exec(said)?.[1] };
}
