// The agent as a process that joins a collector over TLS: who it trusts, what it keeps, and what becomes of a copy of its state.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Identity } from '../../../agent/enrolment/identity-file.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../../server/support/collector.ts';
import { ask, enrol, ownerOf } from '../../server/support/enrolled.ts';
import { root } from '../../support/project-files.ts';
import { writeRecording } from '../recorded.ts';

let directory: TestDirectory;
let data = '';
let collector: TestCollector;
const agents: ChildProcess[] = [];
beforeEach(async () => {
  directory = await testDirectory();
  data = join(directory.path, 'data');
  collector = await startCollector(data, { listen: '0.0.0.0:0' });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) {
    const exit = agent.exitCode === null && agent.signalCode === null ? once(agent, 'exit') : undefined;
    agent.kill('SIGKILL');
    await exit;
  }
  await collector.stop();
  await directory.remove();
});

type Running = { child: ChildProcess; said: () => string; ended: Promise<number | null> };

/** An agent whose rows come from a recording, without end, so that no root is needed. */
function start(state: string, ...args: string[]): Running {
  const own = [
    '--state-dir',
    state,
    '--metrics',
    'none',
    '--interval',
    '1s',
    '--replay',
    writeRecording(5),
    '--loop',
    '--spool',
    join(state, 'spool'),
  ];
  const child = spawn(process.execPath, ['cli.ts', 'agent', ...own, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  agents.push(child);
  let text = '';
  child.stderr?.on('data', (bytes) => {
    text += bytes;
  });
  // Not 'exit', which may come before the last of what it wrote.
  return { child, said: () => text, ended: once(child, 'close').then(([code]) => code as number | null) };
}

const stateOf = (name: string) => join(directory.path, name);
const identityOf = async (state: string) => JSON.parse(await readFile(join(state, 'identity.json'), 'utf8')) as Identity;
/** Hosts that have reported, by id in hex. */
async function reporting(): Promise<string[]> {
  const { body } = await ask(`${collector.url}/api/v1/hosts`, { headers: ownerOf(data) });
  return (body as { hosts: { host_id: string }[] }).hosts.map(({ host_id }) => BigInt(host_id).toString(16).padStart(16, '0'));
}
const reports = (host_id: string) => until(reporting, (hosts) => hosts.includes(host_id));
/** The line as this machine reaches the collector. */
const line = async (changes: Parameters<typeof enrol>[2] = {}) =>
  `${collector.url}#${(await enrol(collector.url, data, changes)).split('#')[1]}`;

/** As an image of a machine has it, of one moment: files of the spool come and go while an agent runs. */
async function copyState({ child }: Running, from: string, to: string): Promise<void> {
  const tasks = `/proc/${child.pid}/task`;
  const states = async () => {
    const stats = await Promise.all((await readdir(tasks)).map((task) => readFile(`${tasks}/${task}/stat`, 'utf8')));
    return stats.map((stat) => /\) (\w)/.exec(stat)?.[1]);
  };
  child.kill('SIGSTOP');
  await until(states, (all) => all.every((state) => state === 'T'));
  await cp(from, to, { recursive: true });
  child.kill('SIGCONT');
}

test('it joins with the line, keeps its identity where only its user reads it, and needs the line no more', async () => {
  const state = stateOf('one');
  const agent = start(state, '--join', await line());
  await until(agent.said, (said) => said.includes('this host has joined'));
  const { host_id = '', secret } = await identityOf(state);
  await reports(host_id);
  expect(((await stat(join(state, 'identity.json'))).mode & 0o777).toString(8)).toBe('600');
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  expect(agent.said()).not.toContain(secret);
  const again = start(state, '--join', `${collector.url}#${'0'.repeat(16)}.${'0'.repeat(64)}.${'0'.repeat(64)}`);
  await until(again.said, (said) => said.includes('watching'));
  expect(again.said()).toContain(host_id);
  expect((await identityOf(state)).host_id).toBe(host_id);
});

test.each([
  { it: 'another CA', pin: 'f'.repeat(64) },
  { it: 'any CA that every machine trusts', pin: 'system' },
])('with a line that says $it, it tells the collector nothing', async ({ pin }) => {
  const state = stateOf('one');
  const text = await line();
  const agent = start(state, '--join', text.replace(/\.\w+$/, `.${pin}`));
  await until(agent.said, (said) => said.includes('cannot join'));
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  const { body } = await ask(collector.url + ADMIN_API.agents, { headers: ownerOf(data) });
  expect(body).toEqual({ agents: [] });
});

test.each([
  { it: 'has ended', line: () => line({ for_ms: 1000 }), wait: 1500, says: /has ended.*admin enrol/ },
  {
    it: 'nobody printed',
    line: async () => (await line()).replace(/#.{16}/, `#${'0'.repeat(16)}`),
    wait: 0,
    says: /does not know this line/,
  },
])('with a line that $it, it ends and says what to do', async ({ line: make, wait, says }) => {
  const text = await make();
  const ready_at = Date.now() + wait;
  await until(
    () => Date.now(),
    (now) => now >= ready_at,
  );
  const agent = start(stateOf('one'), '--join', text);
  expect(await agent.ended).toBe(1);
  expect(agent.said()).toMatch(says);
});

test('a copy of its state becomes a host of its own while the original goes on; no row of one is the other’s', async () => {
  const [one, two] = [stateOf('one'), stateOf('two')];
  const original = start(one, '--join', await line());
  await until(original.said, (said) => said.includes('watching'));
  const { host_id = '' } = await identityOf(one);
  await reports(host_id);
  await copyState(original, one, two);
  const copy = start(two, '--join', await line());
  await until(copy.said, (said) => said.includes('watching'));
  expect(copy.said()).toMatch(/copy of another host/);
  const { host_id: other = '' } = await identityOf(two);
  expect(other).not.toBe(host_id);
  await reports(other);
  expect(original.child.exitCode).toBeNull();
  expect((await identityOf(one)).host_id).toBe(host_id);
});

test('a revoked host keeps what it has in its spool and says why; with a new line it comes back as another host', async () => {
  const state = stateOf('one');
  const agent = start(state, '--join', await line());
  await until(agent.said, (said) => said.includes('watching'));
  const { host_id = '' } = await identityOf(state);
  await reports(host_id);
  await ask(collector.url + ADMIN_API.revoke.replace(':host_id', host_id), { headers: ownerOf(data), body: {} });
  await until(agent.said, (said) => said.includes('credential_revoked'));
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  expect((await stat(join(state, 'spool', host_id))).isDirectory()).toBe(true);
  const again = start(state, '--join', await line());
  await until(again.said, (said) => said.includes('watching'));
  const { host_id: other = '' } = await identityOf(state);
  expect(other).not.toBe(host_id);
  await reports(other);
});

test('a machine that was installed anew takes its identity back with --rejoin', async () => {
  const state = stateOf('one');
  const agent = start(state, '--join', await line());
  await until(agent.said, (said) => said.includes('watching'));
  const { host_id = '' } = await identityOf(state);
  agent.child.kill('SIGTERM');
  await agent.ended;
  await rm(state, { recursive: true });
  await mkdir(state);
  const again = start(state, '--rejoin', '--join', await line({ rejoin: true }));
  await until(again.said, (said) => said.includes('watching'));
  expect((await identityOf(state)).host_id).toBe(host_id);
});

test('its credential goes over TLS alone, and a damaged file of it is not guessed at', async () => {
  const state = stateOf('one');
  const text = await line();
  const open = start(state, '--join', text, '--collector', 'http://127.0.0.1:9');
  expect(await open.ended).toBe(1);
  expect(open.said()).toMatch(/would show its credential to anybody/);
  await mkdir(state, { recursive: true });
  await writeFile(join(state, 'identity.json'), '{"format":1,"secret":"00"}');
  const damaged = start(state, '--join', text);
  expect(await damaged.ended).toBe(1);
  expect(damaged.said()).toMatch(/identity.json is damaged.*--rejoin/);
});
