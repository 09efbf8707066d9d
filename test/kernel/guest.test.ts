// The agent as a guest: what it may still do once it runs, what it leaves behind, and that two agents do not get in each other's way.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Collector, openCollector } from '../agent/collector.ts';
import { until } from '../agent/until.ts';
import { startAgent, sumOf } from '../support/agent-process.ts';
import { type BpfObjects, freed, heldBy, pins } from '../support/bpf-objects.ts';
import { makeLone } from '../support/lone-netns.ts';
import { NOBODY, whyNotNobody } from '../support/nobody.ts';
import { root } from '../support/project-files.ts';
import type { Attempts } from '../support/restricted.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';
import { rightsOf } from '../support/threads.ts';

const RING_BYTES = 64 * 1024;
const STARTS = 100;
const PROCESS_STARTS = 5;
const CONNECTIONS = 500;
/** open and close, at both ends */
const ROWS_EACH = 4;
/** Hooks that sweeps and owners do not need: without them less of this machine's other traffic is in the way. */
const EVENTS = 'tcp_destroy_sock,inet_sk_error_report,tcp_send_reset,tcp_receive_reset,tcp_cong_state_set,kfree_skb';
const HERE = { address: '127.0.0.1', port: 0, threads: 4 };

const directory = mkdtempSync(join(tmpdir(), 'tcplens-guest-'));
let storm = '';
beforeAll(() => {
  if (process.getuid?.() !== 0) return;
  chmodSync(directory, 0o755); // nobody runs it too
  storm = buildStorm(directory);
});
afterAll(() => rmSync(directory, { recursive: true }));

const NONE = '0000000000000000';
/** CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE and CAP_SYS_ADMIN: bits 2, 19 and 21 of linux/capability.h */
const FOR_NAMESPACES = '0000000000280004';

/** A test that needs the kernel; says so where it may not have it. */
function check(title: string, body: () => Promise<void> | void): void {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
    await body();
  });
}

const RESTRICTED = join(root, 'test/support/restricted.ts');

function attempts(command: string, ...args: string[]): Attempts {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8', cwd: root })) as Attempts;
}

check('every thread keeps only what other namespaces need, and nothing gives more', () => {
  const { before, after, later, child, filter, sweep, chown } = attempts(process.execPath, RESTRICTED);
  const kept = { CapInh: NONE, CapPrm: FOR_NAMESPACES, CapEff: FOR_NAMESPACES, CapBnd: NONE, CapAmb: NONE, NoNewPrivs: '1' };
  // One that blocks all signals is among them.
  expect(Object.keys(before).join()).toContain('SignalInspector');
  expect(after).toEqual(Object.fromEntries(Object.keys(before).map((thread) => [thread, kept])));
  expect(Object.keys(later).length).toBeGreaterThan(Object.keys(after).length);
  for (const [thread, rights] of Object.entries(later)) expect(rights, thread).toEqual(kept);
  expect(child).toEqual({ ...kept, CapPrm: NONE, CapEff: NONE });
  expect({ filter, sweep }).toEqual({ filter: 'done', sweep: 'done' });
  expect(chown).toContain('EPERM');
});

check('with --own-netns it keeps no capability, goes on, and cannot load a program', () => {
  const { after, child, filter, sweep, chown, load } = attempts(process.execPath, RESTRICTED, 'own');
  const nothing = { CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapBnd: NONE, CapAmb: NONE, NoNewPrivs: '1' };
  for (const [thread, rights] of Object.entries(after)) expect(rights, thread).toEqual(nothing);
  expect(child).toEqual(nothing);
  expect({ filter, sweep }).toEqual({ filter: 'done', sweep: 'done' });
  expect(chown).toContain('EPERM');
  expect(load).toMatch(/refused every hook:\n {2}sample: load: Operation not permitted/);
  expect(load).toMatch(/^ {2}inet_sock_set_state: load: Operation not permitted/m);
});

test('an ordinary user with CAP_BPF and CAP_PERFMON ends up with none', (context) => {
  const whyNot = whyNotNobody();
  if (whyNot !== '') return context.skip(whyNot);
  const capabilities = '+bpf,+perfmon';
  const ordinary = [`--reuid=${NOBODY.uid}`, `--regid=${NOBODY.gid}`, '--clear-groups'];
  const given = [`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`];
  const { before, after, child, filter, sweep, load } = attempts('setpriv', ...ordinary, ...given, process.execPath, RESTRICTED);
  for (const rights of Object.values(before)) expect(rights.CapEff).toBe('000000c000000000');
  for (const rights of Object.values(after)) {
    expect(rights).toMatchObject({ CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE, NoNewPrivs: '1' });
  }
  expect(child).toMatchObject({ CapPrm: NONE, CapEff: NONE, NoNewPrivs: '1' });
  expect({ filter, sweep }).toEqual({ filter: 'done', sweep: 'done' });
  expect(load).toContain('Operation not permitted');
});

check('an agent does its work with what is left: namespaces of other users, owners, /metrics', async () => {
  const collector = await openCollector();
  const agent = await startAgent('--interval', '500ms', '--cpu-budget', '100%', '--collector', collector.url, '--refuse', EVENTS);
  // A server of the user nobody, in a namespace that only its process keeps: the path to it is /proc/PID of another user.
  const ordinary = ['setpriv', `--reuid=${NOBODY.uid}`, `--regid=${NOBODY.gid}`, '--clear-groups'];
  const server = await serveStorm(
    storm,
    { start: (...args) => spawn('unshare', ['--net', ...ordinary, ...args]) },
    { ...HERE, address: '0.0.0.0' },
  );
  try {
    expect(Object.values(rightsOf(agent.pid)).map(({ CapEff }) => CapEff)).toEqual(expect.arrayContaining([FOR_NAMESPACES]));
    await until('its listener', () => rowsAt(collector, 'listener', server.port) > 0);
    await until('its process', () => collector.reports.some(({ processes }) => processes.some(({ name }) => name === 'storm')));
    const series = await agent.metrics();
    expect(sumOf(series, 'tcplens_agent_rows_total', { tcplens_kind: 'listener', tcplens_stage: 'seen' })).toBeGreaterThan(0);
    expect(sumOf(series, 'tcplens_agent_sweep_interval', {})).toBe(0.5);
  } finally {
    await server.stop();
    expect(await agent.stop()).toBe(0);
    collector.close();
  }
});

check(`${STARTS} starts and stops in one process leave nothing`, async () => {
  const made: BpfObjects = { prog: new Set(), map: new Set(), link: new Set() };
  const open = () => {
    const source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES });
    source.sweep();
    for (const [sort, ids] of Object.entries(heldBy(process.pid))) for (const id of ids) made[sort as keyof BpfObjects].add(id);
    source.close();
  };
  open();
  await until('sockets are closed', () => heldBy(process.pid).prog.size === 0);
  const before = { descriptors: count('fd'), threads: count('task'), pins: pins() };
  for (let i = 0; i < STARTS; i++) open();
  // There may be fewer than before: descriptors of an earlier test may have been there a moment ago.
  await until('descriptors are closed', () => count('fd') <= before.descriptors);
  expect({ threads: count('task'), pins: pins() }).toEqual({ threads: before.threads, pins: before.pins });
  expect(made.prog.size).toBeGreaterThan(STARTS * 10);
  await freed(made);
});

check(`${PROCESS_STARTS} agents leave nothing, whether they are asked to end or killed`, async () => {
  const before = pins();
  for (let i = 0; i < PROCESS_STARTS; i++) {
    const agent = await startAgent();
    const made = heldBy(agent.pid);
    expect(made.prog.size).toBeGreaterThan(10);
    if (i % 2 === 0) expect(await agent.stop()).toBe(0);
    else process.kill(agent.pid, 'SIGKILL');
    await freed(made);
  }
  expect(pins()).toEqual(before);
});

check('of two at once each sees every connection, and one that ends costs the other none', async () => {
  const lone = makeLone();
  const server = await serveStorm(storm, lone, HERE);
  const clients = { ...HERE, port: server.port, connections: CONNECTIONS };
  const [first, second] = [await watchNetns(lone.name), await watchNetns(lone.name)];
  try {
    expect((await runClients(storm, lone, clients)).connections).toBe(CONNECTIONS);
    await until('both see all', () => [first, second].every(({ rows }) => rows() >= ROWS_EACH * CONNECTIONS));
    const running = runClients(storm, lone, clients);
    await first.stop();
    expect((await running).connections).toBe(CONNECTIONS);
    await until('the other sees the rest', () => second.rows() >= ROWS_EACH * 2 * CONNECTIONS);
    await second.stop();
    expect([first.loss(), second.loss(), second.rows()]).toEqual([0, 0, ROWS_EACH * 2 * CONNECTIONS]);
  } finally {
    first.kill();
    second.kill();
    await server.stop();
    lone.close();
  }
});

function count(directory: 'fd' | 'task'): number {
  return readdirSync(`/proc/self/${directory}`).length;
}

function rowsAt(collector: Collector, kind: Kind, port: number): number {
  const { size, schema } = KINDS[kind];
  const batches = collector.accepted().filter(({ headers }) => headers[HEADERS.schema] === schema);
  return batches
    .flatMap(({ rows }) => Array.from({ length: rows.length / size }, (_, index) => rows.readUInt16LE(index * size + HEAD_AT.local_port)))
    .filter((local_port) => local_port === port).length;
}

/** `tcplens watch connection` of one namespace, in a process of its own, once it is attached. */
async function watchNetns(name: string) {
  const args = ['watch', 'connection', '--format', 'ndjson', '--filter', `netns = "${name}"`];
  const child = spawn(join(root, 'tcplens'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // The last thing it does before it watches is to give up what it needed to attach.
  await until('watch is attached', () => Object.values(rightsOf(child.pid ?? 0)).every(({ NoNewPrivs }) => NoNewPrivs === '1'));
  return {
    rows: () => lines.filter((line) => line.includes('"kind":"connection"')).length,
    loss: () => (JSON.parse(lines.at(-1) ?? '{}') as { loss?: number }).loss,
    kill: () => child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'close');
      expect(child.exitCode).toBe(0);
    },
  };
}
