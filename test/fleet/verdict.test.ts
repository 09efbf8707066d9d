// An investigation of an agent and a collector that run, by the API and by the command: the verdict over stored rows says of each segment that
// the kernel sent again what the test did to it, and the files that leave it say the same.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OneInvestigation, Verdict } from '../../server/api/investigations.ts';
import { CollectorProcess } from '../browser/collector-process.ts';
import { asOwner } from '../server/support/investigating.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { loseEach, makePair, type Pair, socketsGone } from '../support/netns.ts';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';
import { waitFor } from '../support/wait.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const PORT = 7020;
const WAIT_MS = 100;
const isRoot = process.getuid?.() === 0;

let pair: Pair;
let collector: CollectorProcess;
let agent: AgentProcess;
let serving: ChildProcess;
let directory = '';
beforeAll(async () => {
  if (!isRoot) return;
  pair = makePair();
  // Source ports away from those of connections that are looked back at: their rows would count here, too.
  sourcePorts('30000 39999');
  directory = mkdtempSync(join(tmpdir(), 'tcplens-verdict-'));
  collector = new CollectorProcess();
  serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(PORT));
  await collector.start();
  agent = await startAgent('--collector', collector.url, '--interval', '1s', '--cpu-budget', '100%');
  if (serving.stdout) await once(serving.stdout, 'data');
  loseEach(pair.server, 'ipv4', 10);
});
afterAll(async () => {
  serving?.kill();
  await agent?.stop();
  await collector?.remove();
  pair?.close();
  rmSync(directory, { recursive: true, force: true });
});

const { start, stop, one, list, verdict } = asOwner(
  () => collector.url,
  () => collector.data,
);

const sentAgain = (): number => [pair.client, pair.server].reduce((sum, side) => sum + (side.nstat()['TcpRetransSegs'] ?? 0), 0);

/** Moves some data against the loss. Returns how many segments the kernel sent again, at both ends: a FIN may be lost too. */
async function traffic(): Promise<number> {
  const before = sentAgain();
  const client = pair.client.start(process.execPath, TRAFFIC, 'client', pair.server.address.ipv4, ...[PORT, 4, 400_000, 100].map(String));
  client.stdout?.resume();
  await once(client, 'exit');
  for (const side of [pair.client, pair.server]) await socketsGone(side);
  return sentAgain() - before;
}

const isRunning = (id: string) =>
  waitFor(
    'the agent',
    () => one(id),
    ({ counts }) => counts.running === 1,
    WAIT_MS,
  );

/** What the test did to each segment that was sent again: a rule of the receiver's host dropped it, or it was not needed. */
function expectVerdict(said: Verdict, again: number, host_id: string | undefined): void {
  expect(again).toBeGreaterThan(0);
  expect(said.segments).toBe(again);
  const { dropped_at_receiver = 0, not_needed = 0 } = said.by_cause;
  expect(dropped_at_receiver).toBeGreaterThan(0);
  expect(dropped_at_receiver + not_needed).toBe(again);
  expect(said.dropped).toMatchObject([{ host_id, reason: 'netfilter_drop', segments: dropped_at_receiver }]);
  expect(said).toMatchObject({ peer_observed: again, missing: [], cut: [], by_peer: [{ network: '10.77.0.0/24', segments: again }] });
  expect(said.arrivals.seen).toBe(said.arrivals.counted);
}

test('a loss in the receiver’s netfilter, by rows of the store', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const started = await start({ expression: `port = ${PORT}`, detail: 'packets', rows_per_s: 50_000, for_ms: 600_000 });
  const id = String(started.body['id']);
  expect(await verdict(id)).toMatchObject({ segments: 0, sentences: [], cut: [] });
  await isRunning(id);
  const again = await traffic();
  await stop(id);
  const { at_hosts } = await waitFor(
    'its end',
    () => one(id),
    ({ counts }) => counts.ended === 1,
    WAIT_MS,
  );
  expect(at_hosts).toMatchObject([{ reason: 'by_hand', over_budget: 0, other_end: { watched: true } }]);
  const said = await waitFor(
    'the rows in the store',
    () => verdict(id),
    ({ rows }) => rows.stored >= rows.written && rows.written > 0,
    WAIT_MS,
  );
  expectVerdict(said, again, at_hosts[0]?.host_id);
  console.log(said.sentences.join('\n'));
});

type Told = { investigation: OneInvestigation; verdict: Verdict };
type Line = { kind: string; netns: string; ifindex: number };

test('by the command: Ctrl-C ends it, the verdict is printed, and the files say the same', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const file = (name: string) => join(directory, name);
  const files = ['--pcapng', file('c.pcapng'), '--ndjson', file('rows.ndjson'), '--report', file('report.html')];
  files.push('--recording', file('all.tcplens'));
  const asked = ['--collector', collector.url, '--token-file', join(collector.data, 'token'), '--for', '10m', '--note', 'a <b>note</b>'];
  const args = ['investigate', `port = ${PORT}`, ...asked, '--row-budget', '50000/s', '--json', ...files];
  const before = (await list()).body['investigations'] as OneInvestigation[];
  const child = spawn(join(root, 'tcplens'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, followed] = [text(child.stdout), text(child.stderr)];
  const { id } = await waitFor(
    'the command’s investigation',
    async () =>
      ((await list()).body['investigations'] as OneInvestigation[]).find((it) => before.every((old) => old.id !== it.id)) ?? { id: '' },
    (found) => found.id !== '',
    WAIT_MS,
  );
  await isRunning(id);
  const again = await traffic();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  const told = JSON.parse(await printed) as Told;
  expect(told.investigation).toMatchObject({ id, note: 'a <b>note</b>', counts: { ended: 1 }, at_hosts: [{ reason: 'by_hand' }] });
  expectVerdict(told.verdict, again, told.investigation.at_hosts[0]?.host_id);
  const lines = (await followed).trim().split('\n');
  expect(lines[0]).toContain(`investigation ${id} on 1 host of `);
  expect(lines.join('\n')).toMatch(/1 running, 0 waiting, 0 ended/);

  const rows = readFileSync(file('rows.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  expect(rows).toHaveLength(told.verdict.rows.stored);
  // tshark reads as many packets at each device as the store has rows of.
  const read = execFileSync('tshark', ['-r', file('c.pcapng'), '-T', 'fields', '-e', 'frame.interface_name', '-e', 'frame.comment'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const packets = read.trimEnd().split('\n');
  const { host } = told.investigation.at_hosts[0] ?? { host: '' };
  const devices = rows.filter(({ kind }) => kind === 'packet').map(({ netns, ifindex }) => `${host} netns ${netns} device ${ifindex}`);
  expect(packets.map((line) => line.split('\t')[0]).toSorted()).toEqual(devices.toSorted());
  expect(packets.filter((line) => line.includes('netfilter_drop')).length).toBeGreaterThan(0);
  const report = readFileSync(file('report.html'), 'utf8');
  for (const sentence of told.verdict.sentences) expect(report).toContain(sentence.replaceAll("'", '&#39;'));
  expect(report).toContain('a &lt;b&gt;note&lt;/b&gt;');

  const again_files = ['--pcapng', file('again.pcapng'), '--ndjson', file('again.ndjson')];
  const replayed = runCommand(join(root, 'tcplens'), ['investigate', '--replay', file('all.tcplens'), '--json', ...again_files]);
  expect({ code: replayed.code, verdict: (JSON.parse(replayed.stdout) as Told).verdict }).toEqual({ code: 0, verdict: told.verdict });
  for (const [own, again_name] of [
    ['c.pcapng', 'again.pcapng'],
    ['rows.ndjson', 'again.ndjson'],
  ] as const)
    expect(readFileSync(file(again_name)).equals(readFileSync(file(own)))).toBe(true);
});

const sourcePorts = (range: string) => pair.client.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=${range}`);
const everything = { detail: 'packets', rows_per_s: 50_000, for_ms: 600_000 } as const;

test('what was sent again before it began, where the host keeps a black box', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const set = runCommand(join(root, 'tcplens'), ['admin', '--data', collector.data, 'settings', 'set', 'black-box=128MiB']);
  expect(set).toMatchObject({ code: 0 });
  const lookBack = async () => {
    await traffic();
    const id = String((await start({ expression: `port = ${PORT}`, ...everything })).body['id']);
    await isRunning(id);
    await stop(id);
    const { at_hosts } = await waitFor(
      'its end',
      () => one(id),
      ({ counts }) => counts.ended === 1,
      WAIT_MS,
    );
    return at_hosts[0]?.looked_back ?? 0;
  };
  await waitFor('a box that keeps packets of this edge', lookBack, (rows) => rows > 0, 1000);
  sourcePorts('50000 59999');
  const again = await traffic();
  const id = String((await start({ expression: 'port >= 50000', ...everything })).body['id']);
  const { at_hosts } = await waitFor(
    'what it looks back at',
    () => one(id),
    ({ at_hosts: [host] }) => (host?.looked_back ?? 0) > 0,
    WAIT_MS,
  );
  await stop(id);
  const said = await waitFor(
    'the rows in the store',
    () => verdict(id),
    // The retransmissions of before are in no number of the investigation's, and come by batches of their own.
    ({ rows, segments }) => rows.stored >= rows.written && rows.written > 0 && segments >= again,
    WAIT_MS,
  );
  expectVerdict(said, again, at_hosts[0]?.host_id);
});
