// Network namespaces that come and go while the agent runs, in each of the ways in which one is kept alive: that their
// sockets are swept, under the cookie that the kernel itself tells, and by which name people would call them.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCgroup2Mount } from '../../agent/host/cgroups.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import type { RowSource } from '../../agent/source/row-source.ts';
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import { compileC } from '../support/compile-c.ts';
import { drainAll } from '../support/drain-all.ts';
import { root } from '../support/project-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-netns-'));
const RING_BYTES = 64 * 1024;
let keeper = '';
beforeAll(() => {
  if (process.getuid?.() === 0) keeper = compileC(join(root, 'test/support/netns-keeper.c'), directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Kept = { cookie: string; inode: number; port: number; pid: number; end(): Promise<void> };

async function keep(command: string, ...args: string[]): Promise<Kept> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const [, cookie = '', inode, port, pid] = line.split(' ');
  return { cookie, inode: Number(inode), port: Number(port), pid: Number(pid), end: () => endOf(child) };
}

async function endOf(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}

/** One sweep with all its walks: the namespaces' names by cookie, and the listeners' namespaces by port. */
function look(source: RowSource) {
  const listeners: { netns: string; port: number }[] = [];
  source.sweep();
  drainAll(source, (kind, rows) => {
    if (kind !== 'listener') return;
    const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
    for (let at = 0; at < rows.length; at += KINDS.listener.size) {
      const { netns, local_port } = KINDS.listener.read(view, at);
      listeners.push({ netns: String(netns), port: local_port });
    }
  });
  return { names: new Map(source.netns().map(({ netns, name }) => [netns, name])), listeners };
}

/** A test with the kernel source open; says so where it may not have it. */
function check(title: string, body: (source: RowSource, skip: (reason: string) => never) => Promise<void>): void {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
    const source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES, walk_interval_ms: 0 });
    try {
      await body(source, context.skip);
    } finally {
      source.close();
    }
  });
}

const OWN = '/proc/thread-self/ns/net';
const home = readlinkSync(OWN);

/** Swept while it is there, under its cookie and name, and not any more once it is gone. */
async function expectSeen(source: RowSource, kept: Kept, name: string): Promise<void> {
  const during = look(source);
  await kept.end();
  expect(during.listeners).toContainEqual({ netns: kept.cookie, port: kept.port });
  expect({ cookie: kept.cookie, name: during.names.get(kept.cookie) }).toEqual({ cookie: kept.cookie, name });
  expect(readlinkSync(OWN), 'this process is back in its own').toBe(home);
}

check('one that only a thread lives in', async (source) => {
  const kept = await keep(keeper, 'thread');
  const name = look(source).names.get(kept.cookie);
  await expectSeen(source, kept, name ?? 'not found');
  expect([...look(source).names.keys()]).not.toContain(kept.cookie);
});

check('one that only an open file and a socket keep', async (source) => {
  await expectSeen(source, await keep(keeper, 'file'), '');
});

check('one that only a mount keeps, anywhere', async (source) => {
  const path = join(directory, 'anywhere');
  writeFileSync(path, '');
  execFileSync('unshare', [`--net=${path}`, 'true']);
  try {
    const kept = await keep('nsenter', `--net=${path}`, keeper, 'process');
    await expectSeen(source, kept, 'anywhere');
    expect(look(source).names.get(kept.cookie)).toBe('anywhere');
  } finally {
    execFileSync('umount', [path]);
  }
});

check('a pod’s or container’s, by its host name', async (source) => {
  await expectSeen(source, await keep(keeper, 'host', 'web-7f9c'), 'web-7f9c');
});

check('a container’s, by its id in the path of its cgroup', async (source, skip) => {
  const mount = readCgroup2Mount();
  if (mount === undefined) return skip('no cgroup2 hierarchy is mounted');
  const id = `7e57${process.pid}`.padEnd(64, '0');
  const cgroup = join(mount, `docker-${id}.scope`);
  try {
    mkdirSync(cgroup);
  } catch (error) {
    return skip(`cannot make a cgroup in ${mount}: ${error}`);
  }
  try {
    const kept = await keep('unshare', '--net', keeper, 'process');
    writeFileSync(join(cgroup, 'cgroup.procs'), String(kept.pid));
    await expectSeen(source, kept, id.slice(0, 12));
  } finally {
    rmdirSync(cgroup);
  }
});

check('names and inodes that are used again: rows go by the cookie', async (source) => {
  const name = `tln${process.pid}`;
  const met: { kept: Kept; during: ReturnType<typeof look> }[] = [];
  for (let round = 0; round < 4; round++) {
    execFileSync('ip', ['netns', 'add', name]);
    try {
      const kept = await keep('ip', 'netns', 'exec', name, keeper, 'process');
      met.push({ kept, during: look(source) });
      await kept.end();
    } finally {
      execFileSync('ip', ['netns', 'del', name]);
    }
  }
  console.log(`inodes of namespaces that followed each other: ${met.map(({ kept }) => kept.inode).join(' ')}`);
  expect(new Set(met.map(({ kept }) => kept.cookie)).size).toBe(met.length);
  for (const { kept, during } of met) {
    expect(during.names.get(kept.cookie)).toBe(name);
    expect(during.listeners).toContainEqual({ netns: kept.cookie, port: kept.port });
  }
});

test('without CAP_SYS_ADMIN no other namespace is entered, and each is named with the reason', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const name = `tlr${process.pid}`;
  execFileSync('ip', ['netns', 'add', name]);
  try {
    const script = `import { openKernel } from '${root}/agent/kernel/ring-source.ts';
      const source = openKernel({ host_id: 1n, ring_bytes: ${RING_BYTES} });
      source.sweep();
      process.stdout.write(JSON.stringify({ entered: source.netns(), refused: source.netns_refused() }));
      source.close();`;
    const drop = ['--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'];
    const run = spawnSync('setpriv', [...drop, process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(run).toMatchObject({ status: 0 });
    const { entered, refused } = JSON.parse(run.stdout) as { entered: object[]; refused: object[] };
    expect(entered).toHaveLength(1);
    expect(refused).toContainEqual({ name, reason: 'EPERM', inode: expect.any(Number) });
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
});
