// The kernel source over traffic between two namespaces, with filters and budgets to be changed while it runs.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { type Budget, NO_LIMIT } from '../../agent/kernel/budget.ts';
import type { KernelFilters } from '../../agent/kernel/controls.ts';
import { type KernelOptions, type KernelSource, openKernel } from '../../agent/kernel/ring-source.ts';
import type { RowSource } from '../../agent/source/row-source.ts';
import { HEAD_AT, KINDS, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from './drain-all.ts';
import { lacking } from './hooks.ts';
import { makePair, type Pair, socketsGone } from './netns.ts';

const TRAFFIC = new URL('traffic.ts', import.meta.url).pathname;
/** Ports of the server's namespace. */
export const [WEB, API, NOBODY_LISTENS] = [7000, 7001, 7002];
export { NO_LIMIT };

export const isRoot = process.getuid?.() === 0;

export type RowOf = { kind: Kind; row: Buffer };

export type Run = {
  source: RowSource;
  filters: KernelFilters;
  set(slot: number, expression: string, options?: { budget?: Budget; end_ms?: number }): void;
  /** true of rows of the pair: nothing else on the machine may be counted, or fill a ring */
  netns: string;
  /** those of the pair's rows that are in the rings now */
  take(): RowOf[];
};

let pair: Pair | undefined;
const servers: ReturnType<Pair['server']['start']>[] = [];

/** Makes the pair and its servers for the tests of the file. */
export function useTraffic(): void {
  beforeAll(async () => {
    if (!isRoot) return; // every test skips with the reason
    pair = makePair();
    for (const port of [WEB, API]) {
      const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(port));
      servers.push(serving);
      if (serving.stdout) await once(serving.stdout, 'data');
    }
  });
  afterAll(() => {
    for (const serving of servers) serving.kill();
    pair?.close();
  });
}

export function ends(): Pair {
  if (pair === undefined) throw new Error('useTraffic() was not called, or there is no root');
  return pair;
}

export type Client = {
  /** bytes */
  request?: number;
  /** directory of the cgroup that the client is in */
  cgroup?: string;
};

/** Connections one after the other, each ended by the client; waits until the kernel has ended them too. */
export async function connections(port: number, count: number, { request = 100, cgroup }: Client = {}): Promise<void> {
  const { client, server } = ends();
  const command = [process.execPath, TRAFFIC, 'client', ...[server.address.ipv4, port, count, request, 100].map(String)];
  // `ip netns exec` hides the cgroups.
  const inside = ['-c', 'echo 0 > "$0"/cgroup.procs && exec ip netns exec "$@"', cgroup ?? '', client.name, ...command];
  const sending = cgroup === undefined ? client.start(...command) : spawn('sh', inside);
  sending.stdout?.resume();
  const [code] = await once(sending, 'exit');
  expect(code).toBe(0);
  await socketsGone(client);
  await socketsGone(server);
}

/** A test with the kernel source open. */
export function check(title: string, body: (run: Run) => Promise<void>, options: Partial<KernelOptions> = {}): void {
  test(title, async (context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    const source = openKernel({ host_id: 1n, ring_bytes: 8 * 1024 * 1024, ...options });
    try {
      const refused = lacking(source.hooks());
      if (refused) return context.skip(`this kernel refuses ${refused.name}: ${refused.reason}`);
      await body(runOf(source));
    } finally {
      source.close();
    }
  });
}

function runOf(source: KernelSource): Run {
  const { filters } = source;
  source.sweep();
  const { client, server } = ends();
  const names = [client.name, server.name];
  const cookies = new Set(source.netns().flatMap(({ name, netns }) => (names.includes(name) ? [BigInt(netns)] : [])));
  return {
    source,
    filters,
    set: (slot, expression, { budget = NO_LIMIT, end_ms } = {}) =>
      filters.set(slot, compileFilter(parseFilter(expression, filters.names()), expression, BigInt(slot), end_ms), budget),
    netns: `netns in (${[...cookies].join(', ')})`,
    take: () => take(source).filter(({ row }) => cookies.has(row.readBigUInt64LE(HEAD_AT.netns))),
  };
}

function take(source: RowSource): RowOf[] {
  const rows: RowOf[] = [];
  drainAll(source, (kind, drained) => {
    const { size } = KINDS[kind];
    for (let at = 0; at < drained.length; at += size) rows.push({ kind, row: Buffer.from(drained.subarray(at, at + size)) });
  });
  return rows;
}

/** The rows of one kind, decoded. */
export function decode<Name extends Kind>(rows: readonly RowOf[], kind: Name): Rows[Name][] {
  return rows
    .filter((each) => each.kind === kind)
    .map(({ row }) => KINDS[kind].read(new DataView(row.buffer, row.byteOffset, row.length), 0) as Rows[Name]);
}

export const bitsOf = ({ row }: RowOf) => row.readUInt32LE(HEAD_AT.filters);
