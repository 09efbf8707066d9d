// What the loader adds up while rows leave the kernel, under a storm: the groups of rows that were read too are what the
// plain tally makes of the same rows; rows that nobody reads are counted as often as the kernel wrote them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { KernelTally } from '../../agent/kernel/controls.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { Drain } from '../../agent/loop/drain.ts';
import { countedBy } from '../../agent/metrics/counted-by.ts';
import { PlainTally } from '../../agent/metrics/plain-tally.ts';
import type { ConnectionOptions, Group } from '../../agent/metrics/tally-plan.ts';
import { PLANS } from '../../agent/metrics/tally-plans.ts';
import type { RowSource } from '../../agent/source/row-source.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { comparable } from '../support/loader-tally.ts';
import { makeLone } from '../support/lone-netns.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';

const OPTIONS: ConnectionOptions = { port: true, comm: true, ephemeral_from: 32_768, max: 1000 };
const PORT = 7100;
const SWEEPS = 3;
const CONNECTIONS = 10_000;
/** Kinds of which rows come only while a sweep is read. */
const SWEPT: readonly Kind[] = ['sample', 'listener', 'namespace'];

/** Makes short connections in a namespace of its own and calls `look` all the while, and after each of a few sweeps. */
async function storming(source: RowSource, look: () => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-tally-'));
  const place = makeLone();
  try {
    const storm = buildStorm(directory);
    const server = await serveStorm(storm, place, { address: '0.0.0.0', port: PORT, threads: 4 });
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const clients = runClients(storm, place, { address: '127.0.0.1', port: PORT, threads: 4, connections: CONNECTIONS / SWEEPS });
      let done = false;
      void clients.finally(() => {
        done = true;
      });
      for (; !done; await sleep(20)) look();
      source.sweep();
      look();
    }
    await server.stop();
  } finally {
    place.close();
    rmSync(directory, { recursive: true });
  }
}

function open(): { source: RowSource; tally: KernelTally } {
  const source = openKernel({ host_id: 0x7e57n, ring_bytes: 16 * 1024 * 1024 });
  return { source, tally: source.tally };
}

const rowsOf = (groups: readonly Group[], kind: Kind) =>
  groups.filter(({ plan }) => PLANS[plan]?.kind === kind).reduce((sum, { rows }) => sum + rows, 0);

test('groups of rows that are read too are those of the plain tally', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const { source, tally } = open();
  try {
    const counted = countedBy(tally, OPTIONS);
    const plain = new PlainTally(OPTIONS);
    const drain = new Drain(source, (kind, rows) => plain.count(kind, rows));
    await storming(source, () => {
      while (drain.round() === 'more');
    });
    const groups = counted.groups();
    expect(groups.map(comparable)).toEqual(plain.groups().map(comparable));
    expect(rowsOf(groups, 'connection')).toBeGreaterThan(CONNECTIONS);
  } finally {
    source.close();
  }
});

test('rows that nobody reads are counted, each once', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const { source, tally } = open();
  try {
    const counted = countedBy(tally, OPTIONS);
    const read = new Set<Kind>();
    const drain = new Drain(source, (kind) => read.add(kind));
    tally.countAlone(20);
    await storming(source, () => {
      while (drain.round() === 'more');
    });
    // Rows of others' connections come all the while: the groups have what was written before they are read.
    const before = source.counters();
    const groups = counted.groups();
    const after = source.counters();
    for (const kind of ['connection', 'sample', 'retransmit', 'reset', 'drop', 'congestion'] as const) {
      const rows = rowsOf(groups, kind);
      expect([kind, rows >= before[kind].written, rows <= after[kind].written]).toEqual([kind, true, true]);
    }
    expect(rowsOf(groups, 'connection')).toBeGreaterThan(CONNECTIONS);
    expect([...read].filter((kind) => !SWEPT.includes(kind))).toEqual([]);
  } finally {
    source.close();
  }
});
