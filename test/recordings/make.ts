// Makes loss.tcplens again: `node test/recordings/make.ts`, as root. Bulk and short requests over lossy IPv4 and IPv6
// paths, and connects that nobody answers: the traffic of the kernel tests, for machines that cannot make it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Family, lose, makePair, type Netns, swallow } from '../support/netns.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TRAFFIC = join(ROOT, 'test', 'support', 'traffic.ts');
const PORT = 7000;
const BLACK_HOLE_PORT = 7001;

async function finished(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  if (child.exitCode === null) await once(child, 'exit');
}

const client = (side: Netns, host: string, port: number, connections: number, request: number, response: number) =>
  finished(side.start(process.execPath, TRAFFIC, 'client', host, ...[port, connections, request, response].map(String)));

async function traffic(family: Family): Promise<void> {
  const { client: near, server: far, close } = makePair();
  const host = far.address[family];
  try {
    swallow(far, family, BLACK_HOLE_PORT);
    lose(far, family, 0.04);
    lose(near, family, 0.02);
    const serving = far.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
    await once(serving.stdout ?? serving, 'data');
    await Promise.all([
      client(near, host, PORT, 1, 6_000_000, 100),
      client(near, host, PORT, 40, 300, 4_000),
      client(near, host, BLACK_HOLE_PORT, 1, 100, 100),
    ]);
    serving.kill();
  } finally {
    close();
  }
}

const file = join(import.meta.dirname, 'loss.tcplens');
rmSync(file, { force: true });
const recording = spawn(join(ROOT, 'tcplens'), ['record', file, '--interval', '1s'], { stdio: 'inherit' });
await new Promise((resolve) => setTimeout(resolve, 2_000)); // the programs are attached within one
await Promise.all((['ipv4', 'ipv6'] as const).map(traffic));
recording.kill('SIGINT');
await finished(recording);
