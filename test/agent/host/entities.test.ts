// Entities from the real /proc and the real cgroup hierarchy.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCgroup2Mount, readCgroups } from '../../../agent/host/cgroups.ts';
import { Entities } from '../../../agent/host/entities.ts';
import { readStat } from '../../../agent/host/processes.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { waitFor } from '../../support/wait.ts';

const mount = readCgroup2Mount();
/** How far the time of boot may be from what it is: its seconds are whole, and clocks are slewed. */
const BTIME_MS = 2000;
const see = (entities: Entities, ...rows: RowValues[]) =>
  entities.see('connection', Buffer.concat(rows.map((values) => rowBytes('connection', values))));

/** A program has its name before its command line, and whoever has started it goes on before it has either. */
async function isSleeping(child: ChildProcess): Promise<void> {
  const look = () => ['comm', 'cmdline'].map((file) => readFileSync(`/proc/${child.pid}/${file}`, 'latin1'));
  await waitFor('the process to be sleep', look, ([comm, command]) => comm === 'sleep\n' && command !== '', 5);
}

test('a process that appears in rows is named, with its command and when it started', async () => {
  const before = Date.now();
  const child = spawn('sleep', ['77.7'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const after = Date.now();
  await isSleeping(child);
  const entities = new Entities(mount);
  see(entities, { pid: child.pid ?? 0 });
  const [found] = entities.changes([]).processes;
  child.kill();
  expect(found).toMatchObject({ pid: child.pid, command: 'sleep 77.7', name: 'sleep' });
  // It was started in between, by a clock whose beginning (btime) is in whole seconds.
  expect(found?.started_at_ms).toBeGreaterThanOrEqual(before - BTIME_MS);
  expect(found?.started_at_ms).toBeLessThanOrEqual(after + BTIME_MS);
});

test('a process of one row of thousands is named, and again where it changed after a report', async () => {
  const children = [spawn('sleep', ['78.8'], { stdio: 'ignore' }), spawn('sh', ['-c', 'read none; exec sleep 79.9'])] as const;
  await Promise.all(children.map((child) => once(child, 'spawn')));
  const [sleeping, changing] = children;
  const crowd = Array.from({ length: 3000 }, (_, n) => ({ pid: n % 2 === 0 ? process.pid : (sleeping.pid ?? 0) }));
  const entities = new Entities(mount);
  see(entities, ...crowd, { pid: changing.pid ?? 0 });
  expect(new Set(entities.changes([]).processes.map(({ pid }) => pid))).toEqual(new Set([process.pid, sleeping.pid, changing.pid]));
  entities.acknowledge();
  changing.stdin.end('\n');
  const commandOf = () => readFileSync(`/proc/${changing.pid}/cmdline`, 'latin1');
  await waitFor('the other command', commandOf, (command) => command.startsWith('sleep'), 20);
  see(entities, { pid: changing.pid ?? 0 });
  expect(entities.changes([]).processes).toMatchObject([{ pid: changing.pid, command: 'sleep 79.9' }]);
  for (const child of children) child.kill();
});

test('told once, told again only when it changed or was not acknowledged', () => {
  const entities = new Entities(mount);
  const netns = [{ netns: '1', inode: 5, name: 'init' }];
  see(entities, { pid: process.pid });
  expect(entities.changes(netns)).toMatchObject({ processes: [{ pid: process.pid }], netns });
  expect(entities.changes(netns)).toMatchObject({ processes: [{ pid: process.pid }], netns });
  entities.acknowledge();
  see(entities, { pid: process.pid });
  expect(entities.changes(netns)).toMatchObject({ processes: [], netns: [] });
  expect(entities.changes([{ netns: '1', inode: 6, name: 'other' }])).toMatchObject({ netns: [{ inode: 6 }] });
});

test('what is learned while a report is under way goes with the next', () => {
  const entities = new Entities(mount);
  entities.changes([]);
  entities.changes([]);
  see(entities, { pid: process.pid });
  entities.acknowledge();
  expect(entities.changes([]).processes).toMatchObject([{ pid: process.pid }]);
});

test('pids that are gone or unknown are no entity', () => {
  const entities = new Entities(mount);
  // One more than Linux gives any.
  see(entities, { pid: 0 }, { pid: 4_194_304 });
  expect(entities.changes([]).processes).toEqual([]);
});

test('thousands of pids stay within bounds', () => {
  const entities = new Entities(mount);
  for (let first = 0; first < 20_000; first += 64)
    see(entities, ...Array.from({ length: 64 }, (_, index) => ({ pid: 10_000_000 + first + index })));
  expect(entities.changes([]).processes).toEqual([]);
});

test('a cgroup is found by its id, and so is the one a process is in', (ctx) => {
  if (mount === undefined) return ctx.skip('no cgroup2 hierarchy is mounted');
  const path = `/tcplens-test-${process.pid}.service`;
  try {
    mkdirSync(join(mount, path));
  } catch (error) {
    return ctx.skip(`cannot make a cgroup in ${mount}: ${error}`);
  }
  const cgroup_id = statSync(join(mount, path), { bigint: true }).ino;
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    writeFileSync(join(mount, path, 'cgroup.procs'), String(child.pid));
    const entities = new Entities(mount);
    see(entities, { pid: child.pid ?? 0, cgroup_id });
    const { cgroups, processes } = entities.changes([]);
    expect(cgroups.find(({ cgroup_id: id }) => id === String(cgroup_id))).toEqual({
      cgroup_id: String(cgroup_id),
      path,
      container_id: '',
      pod_uid: '',
      unit: path.slice(1),
    });
    expect(processes).toMatchObject([{ pid: child.pid, cgroup_id: String(cgroup_id) }]);
  } finally {
    writeFileSync(join(mount, 'cgroup.procs'), String(child.pid));
    child.kill();
    rmdirSync(join(mount, path));
  }
});

test.each([
  { stat: `1 (init) S ${'0 '.repeat(18)}42 9`, name: 'init', start_ticks: 42 },
  { stat: `7 (a) b (c)) R ${'0 '.repeat(18)}99 9`, name: 'a) b (c)', start_ticks: 99 },
])('a name may hold anything: $name', ({ stat, name, start_ticks }) => {
  expect(readStat(stat)).toEqual({ name, start_ticks });
});

async function entityOf(command: string, args: string[], argv0 = command) {
  const child = spawn(command, args, { stdio: 'ignore', argv0 });
  await once(child, 'spawn');
  await isSleeping(child);
  const entities = new Entities(mount);
  see(entities, { pid: child.pid ?? 0 });
  const [found] = entities.changes([]).processes;
  child.kill();
  return found;
}

test.each([
  ['is cut before a character that does not fit', `${'x'.repeat(1023)}😀`, 'x'.repeat(1023)],
  ['has a character that just fits', `${'x'.repeat(1022)}😀`, `${'x'.repeat(1022)}😀`],
  ['is as long as the kernel lets it be', '😀'.repeat(30_000), '😀'.repeat(512)],
])('a command line %s', async (_what, argv0, told) => {
  expect((await entityOf('sleep', ['77.7'], argv0))?.command).toBe(told);
});

test('bytes of a command line that are no characters are replaced', async () => {
  const found = await entityOf('bash', ['-c', `exec -a "$(printf 'a\\355\\240\\275b\\200\\033[31m')" sleep 77.7`]);
  expect(found?.command).toBe('a\ufffd\ufffd\ufffdb\ufffd\u001b[31m 77.7');
});

test('a cgroup whose name is no text is found, and what is below it', () => {
  const tree = mkdtempSync(join(tmpdir(), 'tcplens-tree-'));
  const odd = Buffer.concat([Buffer.from(`${tree}/odd`), Buffer.from([0xed, 0xa0, 0xbd])]);
  mkdirSync(Buffer.concat([odd, Buffer.from('/below.service')]), { recursive: true });
  expect(readCgroups(tree).map(({ path }) => path)).toEqual(['/', '/odd\ufffd\ufffd\ufffd', '/odd\ufffd\ufffd\ufffd/below.service']);
  rmSync(tree, { recursive: true });
});

test('more than a report may hold is told in several, and all of it', () => {
  const entities = new Entities(undefined);
  const netns = Array.from({ length: 4000 }, (_, index) => ({ netns: String(index), inode: index, name: '\u0001'.repeat(255) }));
  const told = new Set<string>();
  for (let changes = entities.changes(netns); changes.netns.length > 0; changes = entities.changes([])) {
    // A collector takes 16 MiB, and two other sorts have as much room.
    expect(JSON.stringify(changes).length).toBeLessThan(5 * 1024 * 1024);
    for (const { netns: id } of changes.netns) told.add(id);
    entities.acknowledge();
  }
  expect(told.size).toBe(4000);
});
