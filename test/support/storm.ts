// Runs storm.c: a server and clients, each a process in a network namespace.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileC } from './compile-c.ts';

/** What the clients did. A connection whose exchange broke off was made all the same. */
export type StormFigures = {
  connections: number;
  failed: number;
  broken: number;
  /** of the first connect that failed */
  first_errno: number;
  seconds: number;
  connections_per_s: number;
  p50_us: number;
  p99_us: number;
};

export type ServerFigures = { accepted: number; broken: number };

type Place = { start(...command: string[]): ChildProcess };

export type StormServer = { port: number; stop(): Promise<ServerFigures> };

export type Clients = {
  /** of the first peer */
  address: string;
  port: number;
  threads: number;
  /** addresses from `address` on that take turns, each with all its ports */
  peers?: number;
  /** bytes of a request; the answer has 64 */
  bytes?: number;
} & ({ seconds: number } | { connections: number });

export const buildStorm = (directory: string): string => compileC(new URL('storm.c', import.meta.url).pathname, directory);

async function* linesOf(child: ChildProcess): AsyncGenerator<string, undefined> {
  if (child.stdout) yield* createInterface({ input: child.stdout });
}

async function nextJson<Value>(lines: AsyncGenerator<string, undefined>): Promise<Value> {
  const { value } = await lines.next();
  if (value === undefined) throw new Error('storm ended without a word');
  return JSON.parse(value) as Value;
}

/** Listens on `address`, with as many threads as clients may be connected at once. */
export async function serveStorm(
  storm: string,
  place: Place,
  { address, port, threads }: { address: string; port: number; threads: number },
): Promise<StormServer> {
  const child = place.start(storm, 'serve', `address=${address}`, `port=${port}`, `threads=${threads}`);
  const lines = linesOf(child);
  const listening = await nextJson<{ port: number }>(lines);
  const stop = async () => {
    child.kill('SIGTERM');
    return await nextJson<ServerFigures>(lines);
  };
  return { port: listening.port, stop };
}

/** Connects until the time is over or the number reached. */
export async function runClients(storm: string, place: Place, clients: Clients): Promise<StormFigures> {
  const words = Object.entries(clients).map(([name, value]) => `${name}=${value}`);
  const child = place.start(storm, 'connect', ...words);
  const exit = once(child, 'exit');
  const figures = await nextJson<StormFigures>(linesOf(child));
  await exit;
  return figures;
}
