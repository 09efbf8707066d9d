// The traffic of loss.tcplens, the recording that machines without root show: bulk and short requests over lossy IPv4
// and IPv6 paths, connects that nobody answers and one that nobody listens to.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { type Family, lose, makePair, type Netns, type Pair, swallow } from '../support/netns.ts';
import { root } from '../support/project-files.ts';

const TRAFFIC = join(root, 'test', 'support', 'traffic.ts');
const PORT = 7000;
const BLACK_HOLE_PORT = 7001;
const CLOSED_PORT = 7002;

async function finished(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  if (child.exitCode === null) await once(child, 'exit');
}

const client = (side: Netns, host: string, port: number, connections: number, request: number, response: number) =>
  finished(side.start(process.execPath, TRAFFIC, 'client', host, ...[port, connections, request, response].map(String)));

async function converse({ client: near, server: far }: Pair, family: Family): Promise<void> {
  const host = far.address[family];
  swallow(far, family, BLACK_HOLE_PORT);
  lose(far, family, 0.04);
  lose(near, family, 0.02);
  const serving = far.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
  await once(serving.stdout ?? serving, 'data');
  await Promise.all([
    client(near, host, PORT, 1, 6_000_000, 100),
    client(near, host, PORT, 40, 300, 4_000),
    client(near, host, BLACK_HOLE_PORT, 1, 100, 100),
    client(near, host, CLOSED_PORT, 1, 100, 100),
  ]);
  serving.kill();
  await finished(serving);
}

/** Runs it in namespaces of its own, which the caller closes. */
export async function lossTraffic(): Promise<Pair[]> {
  const pairs = { ipv4: makePair(), ipv6: makePair() };
  await Promise.all((['ipv4', 'ipv6'] as const).map((family) => converse(pairs[family], family)));
  return Object.values(pairs);
}
