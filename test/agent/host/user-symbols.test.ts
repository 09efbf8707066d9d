// What a stack of a process is named, with a folder in the place of /proc: of processes that have gone, that are others by then, and of files
// that must not be waited for. What real processes say is in test/kernel/user-stacks.test.ts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserSymbols } from '../../../agent/host/user-symbols.ts';
import { compileC } from '../../support/compile-c.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-user-symbols-'));
const BOOT_S = 1_700_000_000;
/** 100 ticks a second. */
const STARTED_TICKS = 500;
const STARTED_MS = BOOT_S * 1000 + 5000;
const BASE = 0x55d0a0000000;
const CODE_BYTES = 0x4000;
let program = '';
let main = 0;

beforeAll(() => {
  program = compileC(new URL('../../support/user-stack.c', import.meta.url).pathname, directory, []);
  const symbols = execFileSync('nm', [program], { encoding: 'utf8' });
  main = Number.parseInt(/^([0-9a-f]+) T main$/m.exec(symbols)?.[1] ?? '', 16);
});
afterAll(() => rmSync(directory, { recursive: true }));

type Made = { mapped?: (link: string) => void; type?: string; maps?: string };

/** A process 42 that maps the program as a whole, of which the kernel would say that it is on a file system of the type. */
function procOf({ mapped = (link) => symlinkSync(program, link), type = 'ext4', maps = '' }: Made = {}): string {
  const proc = mkdtempSync(join(directory, 'proc-'));
  const range = `${BASE.toString(16)}-${(BASE + CODE_BYTES).toString(16)}`;
  for (const folder of ['1', '42/map_files']) mkdirSync(join(proc, folder), { recursive: true });
  writeFileSync(join(proc, 'stat'), `cpu 1 2 3\nbtime ${BOOT_S}\n`);
  writeFileSync(join(proc, '1/mountinfo'), `26 1 254:1 / / rw,relatime - ${type} /dev/vda rw\n`);
  writeFileSync(join(proc, '42/stat'), `42 (a b) S 1 42 42 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 ${STARTED_TICKS} 1 1`);
  writeFileSync(join(proc, '42/maps'), `${range} r-xp 00000000 fe:01 7 ${program}\n${maps}`);
  mapped(join(proc, '42/map_files', range));
  return proc;
}

const inMain = () => BigInt(BASE + main + 5);
const named = (proc: string, addresses: bigint[], time_ms = STARTED_MS + 60_000) => new UserSymbols(proc).namesOf(42, time_ms, addresses);
const MODULE = () => [`user-stack+0x${(main + 4).toString(16)}`];

test('a function by its name', () => {
  expect(named(procOf(), [inMain()])).toEqual(['main']);
});

test('where a call returns to is behind the call: the last of a function leads to the next one’s beginning', () => {
  expect(named(procOf(), [BigInt(BASE + main)])).not.toEqual(['main']);
});

test.each<[what: string, made: Made]>([
  ['is not there any more', { mapped: () => undefined }],
  ['is on a file system that somebody’s process may answer for', { type: 'fuse' }],
  ['is on another machine', { type: 'nfs4' }],
  ['is no file that can be read to its end', { mapped: (link) => execFileSync('mkfifo', [link]) }],
  ['is a device', { mapped: (link) => symlinkSync('/dev/zero', link) }],
  ['is a folder', { mapped: (link) => mkdirSync(link) }],
  ['is no program', { mapped: (link) => writeFileSync(link, 'x'.repeat(1000)) }],
  ['is empty', { mapped: (link) => writeFileSync(link, '') }],
])('a file that %s: the place in it', (_, made) => {
  expect(named(procOf(made), [inMain()])).toEqual(MODULE());
});

test('a device that the host’s first process does not have is not read: it may be mounted where nobody sees its type', () => {
  const proc = procOf();
  writeFileSync(join(proc, '1/mountinfo'), '26 1 254:2 / / rw,relatime - ext4 /dev/vdb rw\n');
  expect(named(proc, [inMain()])).toEqual(MODULE());
});

test('code that was made while the process ran is told once in a row, and what is no code not at all', () => {
  const maps = '7f0000000000-7f0000010000 rwxp 00000000 00:00 0 \n7f0000010000-7f0000020000 rw-p 00000000 00:00 0 \n';
  const [made, data] = [0x7f0000000100n, 0x7f0000010100n];
  expect(named(procOf({ maps }), [inMain(), made, made + 8n, data, inMain(), made])).toEqual(['main', '[no_file]', 'main', '[no_file]']);
});

test('a process that has gone has none', () => {
  expect(new UserSymbols(procOf()).namesOf(43, STARTED_MS, [inMain()])).toEqual([]);
});

test('a process that started after the event is another one, with the same number', () => {
  expect(named(procOf(), [inMain()], STARTED_MS)).toEqual(['main']);
  expect(named(procOf(), [inMain()], STARTED_MS - 1)).toEqual([]);
});

test('the memory of a process counts as it was for a second, of 64 at most', () => {
  const proc = procOf();
  const symbols = new UserSymbols(proc);
  const at = (pid: number, now_ms: number) => symbols.namesOf(pid, STARTED_MS, [inMain()], now_ms);
  for (let pid = 100; pid < 163; pid++) at(pid, 0);
  expect(at(42, 0)).toEqual(['main']);
  const maps = readFileSync(join(proc, '42/maps'));
  writeFileSync(join(proc, '42/maps'), '');
  expect([at(42, 999), at(42, 1000)]).toEqual([['main'], []]);
  writeFileSync(join(proc, '42/maps'), maps);
  for (let pid = 100; pid < 164; pid++) at(pid, 2000);
  expect([at(42, 2999), at(42, 3000)]).toEqual([[], ['main']]);
});
