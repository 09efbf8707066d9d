// Agents as processes, with a real collector that sets their settings: what holds at once, what does not, and what is kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InForce } from '../../../agent/contract/control.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { HostSettings, SettingsChange } from '../../../server/api/settings.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../../server/support/collector.ts';
import { ask, enrol, ownerOf } from '../../server/support/enrolled.ts';
import { freePort } from '../../support/free-port.ts';
import { root } from '../../support/project-files.ts';
import { writeRecording } from '../recorded.ts';

let directory: TestDirectory;
let data = '';
let collector: TestCollector;
const agents: ChildProcess[] = [];
beforeEach(async () => {
  directory = await testDirectory();
  data = join(directory.path, 'data');
  // One of them is away for a while, and comes back to its port.
  collector = await startCollector(data, { listen: `0.0.0.0:${await freePort()}` });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await end(agent, 'SIGKILL');
  await collector.stop();
  await directory.remove();
});

async function end(agent: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = agent.exitCode === null && agent.signalCode === null ? once(agent, 'exit') : undefined;
  agent.kill(signal);
  await exit;
}

type Running = { child: ChildProcess; said: () => string };

/** @param line what follows --join; a host that has joined needs none that is good */
function start(line: string, ...args: string[]): Running {
  const state = join(directory.path, 'state');
  const own = ['--state-dir', state, '--metrics', 'none', '--replay', writeRecording(50), '--loop', '--spool', join(state, 'spool')];
  const command = ['cli.ts', 'agent', ...own, '--join', line, ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  agents.push(child);
  let text = '';
  child.stderr?.on('data', (bytes) => {
    text += bytes;
  });
  return { child, said: () => text };
}

const isWatching = (agent: Running) => until(agent.said, (said) => said.includes('watching'));

async function joined(...args: string[]): Promise<Running> {
  const line = await enrol(collector.url, data, { labels: { env: 'prod' } });
  const agent = start(`${collector.url}#${line.split('#')[1]}`, ...args);
  await isWatching(agent);
  return agent;
}

const admin = (path: string, body?: object) => ask(collector.url + path, { headers: ownerOf(data), body });
async function change(set: Record<string, string>, unset: string[] = []): Promise<void> {
  const asked: SettingsChange = {
    where: { labels: { env: 'prod' }, hosts: [] },
    set,
    unset,
    share: 1,
    watch_ms: 0,
    accept_loss: true,
    note: '',
    dry_run: false,
  };
  const { status, text } = await admin(ADMIN_API.settings, asked);
  expect(status, text).toBe(200);
}

/** What the host has in force, once its agent has told of the version. */
async function inForce(version: number): Promise<Record<string, InForce>> {
  const [{ host_id } = { host_id: '' }] = ((await admin(ADMIN_API.agents)).body as { agents: { host_id: string }[] }).agents;
  const path = ADMIN_API.hostSettings.replace(':host_id', host_id);
  const { body } = await until(
    () => admin(path),
    ({ body: said }) => said['version'] === version && said['connected'] === true,
  );
  return Object.fromEntries((body as HostSettings).in_force.map((one) => [one.name, one]));
}

const reports = async () => {
  const { body } = await admin('/api/v1/fleet');
  return (body as { hosts: { interval_ms: number | null }[] }).hosts[0]?.interval_ms;
};

test('a change holds at once where it can, and says why where it cannot', async () => {
  const agent = await joined('--interval', '1s', '--pin', 'log-level');
  expect((await inForce(0))['interval']).toEqual({ name: 'interval', value: '1s', from: 'command line' });
  await change({
    interval: '2s',
    'spool-bytes': '64MiB',
    'queue-bytes': '16MiB',
    'spool-age': '1h',
    'cpu-budget': '50%',
    budget: 'drop=off',
    'log-level': 'error',
    'ring-bytes': '8MiB',
  });
  const found = await inForce(1);
  expect([found['interval'], found['spool-bytes'], found['budget']]).toEqual([
    { name: 'interval', value: '2s', from: 'collector' },
    { name: 'spool-bytes', value: '64MiB', from: 'collector' },
    { name: 'budget', value: 'drop=off', from: 'collector' },
  ]);
  expect(found['log-level']).toEqual({
    name: 'log-level',
    value: 'info',
    from: 'default',
    wanted: 'error',
    why: 'this host has pinned it',
  });
  expect(found['ring-bytes']).toMatchObject({ value: '16MiB', from: 'default', wanted: '8MiB', why: expect.stringMatching(/next start/) });
  await until(reports, (interval_ms) => interval_ms === 2000);
  await change({}, ['interval']);
  expect((await inForce(2))['interval']).toEqual({ name: 'interval', value: '1s', from: 'command line' });
  await until(reports, (interval_ms) => interval_ms === 1000);
  expect(agent.said()).toContain('"settings"');
});

test('without a collector the last settings hold, also what holds from a start on', async () => {
  const first = await joined('--interval', '1s');
  await change({ interval: '3s', 'metric-attributes': 'none' });
  expect((await inForce(1))['metric-attributes']).toMatchObject({ value: 'server.port', why: expect.stringMatching(/next start/) });
  await end(first.child, 'SIGTERM');
  const url = new URL(collector.url);
  await collector.stop();
  await isWatching(start(`${url.origin}#${'0'.repeat(16)}.${'0'.repeat(64)}.${'0'.repeat(64)}`, '--interval', '1s'));
  collector = await startCollector(data, { listen: `0.0.0.0:${url.port}` });
  const found = await inForce(1);
  expect([found['interval'], found['metric-attributes']]).toEqual([
    { name: 'interval', value: '3s', from: 'collector' },
    { name: 'metric-attributes', value: 'none', from: 'collector' },
  ]);
});
