// Network namespaces that go after they were listed and before they are entered. Nothing was refused then, so that nothing is
// reported to a person as refused.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enterAll } from '../../agent/host/sweep-round.ts';
import { PREBUILT } from '../../agent/kernel/ring-source.ts';
import { type Loader, openLoader } from '../../agent/loader.ts';

const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-gone-'));
let loader: Loader | undefined;
beforeAll(() => {
  if (isRoot) loader = openLoader({ prebuilt: PREBUILT, host_id: 1n, ring_bytes: 65_536, refuse: [] });
});
afterAll(() => {
  loader?.close();
  rmSync(directory, { recursive: true });
});

/** The path of an open file of this process: a number is used again for anything. */
const ownFile = (fd: number) => `/proc/${process.pid}/fd/${fd}`;

/** More files than a test has open. */
const UNUSED = 9999;

/** Each makes what is behind a path by the time that it is entered, and returns the path. */
const gone: Record<string, () => Promise<string>> = {
  'its mount and file are gone': async () => {
    const name = `tlg${process.pid}`;
    for (const change of ['add', 'del']) execFileSync('ip', ['netns', change, name]);
    return `/run/netns/${name}`;
  },
  'its mount is gone, the file below it is still there': async () => {
    const path = join(directory, 'unmounted');
    writeFileSync(path, '');
    return path;
  },
  'its process is gone': async () => {
    const child = spawn('unshare', ['--net', 'true']);
    await once(child, 'exit');
    return `/proc/${child.pid}/ns/net`;
  },
  'its file is closed': async () => ownFile(UNUSED),
  'its file is another one now': async () => ownFile(openSync('/dev/null', 'r')),
  'its file is a namespace of another sort now': async () => ownFile(openSync('/proc/self/ns/uts', 'r')),
  'its file is a pipe now that nobody writes to': async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    return ownFile(openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK));
  },
};

test.for(Object.entries(gone))('%s: it has gone, and was not refused', async ([, make], context) => {
  if (!loader) return context.skip('needs root: network namespaces and BPF');
  const path = await make();
  expect(loader.sweep(path, true)).toBe('ENOENT');
  expect(enterAll([{ inode: 5, name: 'blue', paths: [path] }], loader)).toEqual({ entered: [], refused: [] });
});

test('its file is a socket now: it has gone, and was not refused', async (context) => {
  if (!loader) return context.skip('needs root: network namespaces and BPF');
  const child = spawn(process.execPath, ['-e', "require('net').createServer().listen(0, '127.0.0.1', () => console.log('listening'))"]);
  await once(child.stdout, 'data');
  const sockets = spawnSync('find', [`/proc/${child.pid}/fd`, '-lname', 'socket:*'], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  const answers = sockets.map((path) => loader?.sweep(path, true));
  child.kill();
  expect(sockets[0]).toMatch(/^\/proc/);
  expect(answers).toEqual(sockets.map(() => 'ENOENT'));
});

test('one that is there is entered all the same', (context) => {
  if (!loader) return context.skip('needs root: network namespaces and BPF');
  expect(loader.sweep('/proc/self/ns/net', true)).toMatchObject({ inode: expect.any(Number) });
});
