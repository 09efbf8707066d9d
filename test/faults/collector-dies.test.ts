// The whole line under failure: a real agent on the kernel's own traffic, while the collector is killed with SIGKILL
// once and stopped for ten seconds once. What the agent counts as sent is in the engine exactly once, rollup included.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../agent/account.ts';
import { KIND } from '../../bpf/rows.gen.ts';
import { countRows, type TestDirectory, testDirectory, withStore } from '../server/support/collector.ts';
import { lose, makePair, type Pair } from '../support/netns.ts';
import { root } from '../support/project-files.ts';

const LISTENING = /"msg":"listening on (http:[^"]+)"/;
const TRAFFIC = join(root, 'test', 'support', 'traffic.ts');
const PORT = 7000;
const AWAY_MS = 10_000;
const isRoot = process.getuid?.() === 0;

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(async () => directory.remove());

const tcplens = (...args: string[]) => spawn(join(root, 'tcplens'), args, { stdio: ['ignore', 'ignore', 'pipe'] });

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill(signal);
  return await exit;
}

/** The first line of a process that `wanted` finds something in; the rest is read on. */
async function line(child: ChildProcess, wanted: RegExp): Promise<string> {
  const said: string[] = [];
  for await (const text of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    said.push(text);
    const found = wanted.exec(text);
    if (!found) continue;
    child.stderr?.resume();
    return found[1] ?? '';
  }
  throw new Error(`the process ended without ${wanted}: ${said.join('\n')}`);
}

async function serve(listen: string): Promise<{ child: ChildProcess; url: string }> {
  const child = tcplens('serve', '--listen', listen, '--data', directory.path);
  return { child, url: await line(child, LISTENING) };
}

/** Short connections over a lossy path, one after the other until it is stopped. */
function keepBusy(): { stop(): void } {
  const pair: Pair = makePair();
  const host = pair.server.address.ipv4;
  lose(pair.server, 'ipv4', 0.05);
  const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
  const client = pair.client.start(process.execPath, TRAFFIC, 'client', host, ...[PORT, 1_000_000, 300, 4_000].map(String));
  return {
    stop() {
      client.kill();
      serving.kill();
      pair.close();
    },
  };
}

test('every row that the agent counted as sent is stored exactly once', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  let collector = await serve('127.0.0.1:0');
  const { host } = new URL(collector.url);
  const agent = tcplens('agent', '--collector', collector.url, '--metrics', 'none', '--interval', '1s');
  const ledgerLine = line(agent, /"ledger":(\{.*\}),"msg":"stopped"/);
  const traffic = keepBusy();
  try {
    await sleep(4_000);
    await ended(collector.child, 'SIGKILL');
    collector = await serve(host);
    await sleep(3_000);
    expect(await ended(collector.child, 'SIGTERM')).toEqual([0, null]);
    await sleep(AWAY_MS);
    collector = await serve(host);
    await sleep(4_000);
  } finally {
    traffic.stop();
  }
  await sleep(1_000);
  const [code] = (await ended(agent, 'SIGINT')) as [number];
  expect(code).toBe(0);
  expect(await ended(collector.child, 'SIGTERM')).toEqual([0, null]);

  const ledger = JSON.parse(await ledgerLine) as Ledger;
  console.log(`sent by the agent: ${JSON.stringify(ledger)}`);
  expect(ledger.connection.sent).toBeGreaterThan(100);
  expect(ledger.retransmit.sent).toBeGreaterThan(0);
  await withStore(directory.path, async (store) => {
    for (const kind of KIND) {
      const { drained, sent, queue_dropped, rejected } = ledger[kind];
      expect({ kind, stored: await countRows(store, kind), drained, queue_dropped, rejected }).toEqual({
        kind,
        stored: sent,
        drained: sent,
        queue_dropped: 0,
        rejected: 0,
      });
    }
    const raw = await store.query(
      `SELECT (SELECT countIf(event = 'open' AND NOT preexisting) FROM connection) AS opened,
              (SELECT countIf(event = 'close') FROM connection) AS closed,
              (SELECT sum(segments) FROM retransmit WHERE outcome != 'refused') AS retransmitted,
              (SELECT sum(bytes_received) FROM sample) + (SELECT sumIf(bytes_received_rest, event != 'open') FROM connection) AS bytes_received`,
    );
    const rolled = await store.query(
      `SELECT sum(opened) AS opened, sum(closed) AS closed,
              sum(retrans_fast + retrans_slow_start + retrans_rto + retrans_tlp + retrans_syn + retrans_syn_ack + retrans_unknown) AS retransmitted,
              sum(bytes_received) AS bytes_received
       FROM rollup_1m`,
    );
    expect(rolled).toEqual(raw);
  });
}, 120_000);
