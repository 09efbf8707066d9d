// `tcplens up` as a person starts it: two processes behind one, and none left whichever of them ends, and however.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { root } from '../support/project-files.ts';
import { type TestDirectory, testDirectory, until } from './support/collector.ts';

const directories: TestDirectory[] = [];
const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const directory of directories.splice(0)) await directory.remove();
});

/** `told`: all that any of them has said is in `said`. */
type Up = { child: ChildProcess; exit: Promise<unknown[]>; told: Promise<unknown>; data: string; said: () => string };

/** With a recording that is missing: the agent ends at once, and no root is needed. */
async function up(args: readonly string[] = []): Promise<Up> {
  const directory = await testDirectory();
  directories.push(directory);
  const options = [
    '--listen',
    '127.0.0.1:0',
    '--data',
    directory.path,
    '--metrics',
    'none',
    '--replay',
    join(directory.path, 'missing'),
    ...args,
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'cli.ts'), 'up', ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return { child, exit: once(child, 'exit'), told: once(child, 'close'), data: directory.path, said: () => text };
}

/** Processes that were given this data directory or another file in it. */
async function running({ data }: Up): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => lines[index]?.includes(data)).map(Number);
}

async function collectorOf({ data }: Up): Promise<number> {
  return Number(await readFile(join(data, 'lock.pid'), 'utf8'));
}

const READY = /^tcplens: dashboards on (http:\/\/127\.0\.0\.1:\d+)$/m;
const LINK = /^tcplens: open once.*: (http:\S+)$/m;

test('it says where the dashboards are; an agent that ends leaves the collector; SIGINT ends all of it', async () => {
  const process = await up();
  await until(process.said, (text) => READY.test(text) && LINK.test(text) && text.includes('the collector goes on'));
  const url = READY.exec(process.said())?.[1];
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const link = LINK.exec(process.said())?.[1] ?? '';
  expect((await fetch(link, { redirect: 'manual' })).headers.get('set-cookie')).toContain('HttpOnly');
  process.child.kill('SIGINT');
  expect(await process.exit).toEqual([0, null]);
  expect(await running(process)).toEqual([]);
  await process.told;
  expect(process.said()).toContain('"signal":"SIGTERM"');
});

test('a collector that dies ends it with failure', async () => {
  const process = await up();
  await until(process.said, (text) => READY.test(text));
  globalThis.process.kill(await collectorOf(process), 'SIGKILL');
  expect(await process.exit).toEqual([1, null]);
  expect(await running(process)).toEqual([]);
  await process.told;
  expect(process.said()).toContain('tcplens: the collector ended by itself (by SIGKILL)');
});

test('killed itself, it leaves no process behind', async () => {
  const process = await up();
  await until(process.said, (text) => READY.test(text));
  const collector = await collectorOf(process);
  expect(await running(process)).toContain(collector);
  process.child.kill('SIGKILL');
  await until(
    () => running(process),
    (pids) => pids.length === 0,
  );
});

test('what the collector refuses is said once, and is wrong usage', async () => {
  const process = await up(['--log-max', '1']);
  expect(await process.exit).toEqual([2, null]);
  await process.told;
  expect(process.said().match(/whole number from 4/g)).toHaveLength(1);
});
