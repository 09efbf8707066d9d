// What a person reads who gives a command something that it cannot use: what is wrong, with its name, and what to do. Never a stack.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canMount, SmallDisk } from '../faults/small-disk.ts';
import { NOBODY, whyNotNobody } from '../support/nobody.ts';
import { root } from '../support/project-files.ts';
import { type Ended, runUntilEnd } from '../support/run-until-end.ts';

const RECORDING = join(root, 'test/recordings/loss.tcplens');
/** Of a command that goes on where it should have ended. Some start the engine before, which takes its time on a busy machine. */
const RUNS_MS_MAX = 200_000;
const anywhere = ['--listen', '127.0.0.1:0'];
const toNobody = ['--collector', 'http://127.0.0.1:9', '--metrics', 'none'];

let folder = '';
let taken: Server;
let port = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tcplens-messages-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'file'), 'x');
  for (const name of ['log', 'layouts', 'engine']) {
    mkdirSync(join(folder, `no-${name}`));
    writeFileSync(join(folder, `no-${name}`, name), 'x');
  }
  mkdirSync(join(folder, 'of-root/engine'), { recursive: true });
  mkdirSync(join(folder, 'no-journal/log/journal'), { recursive: true });
  writeFileSync(join(folder, 'secret'), 'x'.repeat(64), { mode: 0o600 });
  taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  ({ port } = taken.address() as { port: number });
});
afterAll(() => {
  taken.close();
  rmSync(folder, { recursive: true });
});

const tcplens = (args: readonly string[], as = {}): Promise<Ended> =>
  runUntilEnd(join(root, 'tcplens'), args, { cwd: folder, timeout: RUNS_MS_MAX, ...as });

/** `says`: what is wrong, by its name, and what to do. */
type Case = { args: () => string[]; code: number; says: RegExp[] };

const cases: Case[] = [
  { args: () => ['watch', '--replay', 'folder'], code: 1, says: [/folder \(EISDIR/, /give a file that tcplens record has made/] },
  { args: () => ['watch', '--replay', 'missing'], code: 1, says: [/missing \(ENOENT/, /give a file that/] },
  { args: () => ['watch', '--replay', 'file'], code: 1, says: [/no recording/, /make one with "tcplens record FILE"/] },
  { args: () => ['watch', '--interval', 'soon'], code: 2, says: [/"soon" is not a duration/, /write a number and/] },
  { args: () => ['watch', '--filter', 'colour = red'], code: 2, says: [/colour/] },
  { args: () => ['record', 'folder', '--replay', RECORDING], code: 1, says: [/folder is there already/, /another name, or --force/] },
  { args: () => ['record', 'folder', '--force', '--replay', RECORDING], code: 1, says: [/folder \(EISDIR/, /give a file in a directory/] },
  { args: () => ['record', 'missing/r', '--replay', RECORDING], code: 1, says: [/missing\/r \(ENOENT/, /in a directory that is there/] },
  { args: () => ['record', '/dev/full', '--force', '--replay', RECORDING], code: 1, says: [/no room .* \/dev\/full/, /free some/] },
  { args: () => ['replay', 'folder', ...toNobody], code: 1, says: [/folder \(EISDIR/, /give a file that/] },
  { args: () => ['agent', '--replay', 'folder', ...toNobody, '--spool', 'none'], code: 1, says: [/folder \(EISDIR/, /give a file that/] },
  { args: () => ['agent', '--replay', RECORDING, ...toNobody, '--spool', 'file'], code: 78, says: [/spool file/, /with --spool/] },
  {
    args: () => ['agent', '--replay', RECORDING, '--spool', 'none', '--collector', 'http://127.0.0.1:9', '--metrics', `127.0.0.1:${port}`],
    code: 1,
    says: [/cannot serve \/metrics on 127/, /another --metrics/],
  },
  { args: () => ['serve', '--data', 'file', ...anywhere], code: 1, says: [/directory \S+\/file cannot be used/, /--data chooses another/] },
  { args: () => ['serve', '--data', '/proc/tcplens', ...anywhere], code: 1, says: [/\/proc\/tcplens cannot/, /--data chooses another/] },
  { args: () => ['serve', '--data', 'no-log', ...anywhere], code: 1, says: [/no-log\/log\/\w+/, /--data chooses another/] },
  {
    args: () => ['serve', '--data', 'no-journal', ...anywhere],
    code: 1,
    says: [/no-journal\/log\/journal cannot be read/, /--data chooses another/],
  },
  { args: () => ['serve', '--data', 'no-layouts', ...anywhere], code: 1, says: [/no-layouts\/layouts/, /--data chooses another/] },
  { args: () => ['serve', '--data', 'no-engine', ...anywhere], code: 1, says: [/no-engine\/engine/, /--clickhouse/] },
  {
    args: () => ['serve', '--data', 'new', '--listen', `127.0.0.1:${port}`],
    code: 1,
    says: [/something listens there already/, /--listen/],
  },
  { args: () => ['serve', '--data', 'new', '--log-max', '1'], code: 2, says: [/"1" is not a whole number from 4/] },
  { args: () => ['serve', '--data', 'new', '--retention-size', 'all'], code: 2, says: [/"all" is not a size/, /write it like/] },
  { args: () => ['up', '--data', 'file', '--replay', RECORDING, ...anywhere], code: 1, says: [/\/file cannot be used/, /--data chooses/] },
  { args: () => ['admin', 'retention', '--data', 'file'], code: 1, says: [/\/file has no tables/, /name the collector's --data/] },
  { args: () => ['admin', 'retention', '--data', 'no-engine'], code: 1, says: [/no-engine\/engine/, /--clickhouse/] },
  { args: () => ['admin', 'retention', 'set', 'rows', 'few'], code: 2, says: [/whole number of days/] },
];

function check({ code, stderr, signal }: Ended, expected: Omit<Case, 'args'>): void {
  expect({ code, signal }, stderr).toEqual({ code: expected.code, signal: null });
  for (const part of expected.says) expect(stderr).toMatch(part);
  expect(stderr).not.toMatch(/^ +at /m);
}

test.for(cases.map((one) => [one.args().join(' '), one] as const))('tcplens %s', async ([, { args, ...expected }]) => {
  check(await tcplens(args()), expected);
});

test.for([
  { args: ['watch', '--replay', 'secret'], says: [/secret \(EACCES/, /give a file that/] },
  { args: ['record', 'r', '--replay', RECORDING], says: [/ r \(EACCES/, /can be written/] },
  { args: ['serve', '--data', 'data', ...anywhere], says: [/\/data cannot be used: EACCES/, /--data chooses another/] },
  { args: ['admin', 'retention', '--data', 'of-root'], says: [/\/of-root .* belongs to user 0 and this is user 65534: run it as user 0/] },
])('as nobody: tcplens $args', async ({ args, says }, context) => {
  if (whyNotNobody() !== '') return context.skip(whyNotNobody());
  check(await tcplens(args, NOBODY), { code: 1, says });
});

test('a collector that starts on a full disk says so', async (context) => {
  if (!canMount) return context.skip('needs root: a disk of its own');
  const disk = new SmallDisk(join(folder, 'disk'));
  disk.mount(4);
  try {
    disk.fill();
    check(await tcplens(['serve', '--data', 'disk/data', ...anywhere]), {
      code: 1,
      says: [/disk\/data cannot be used/, /no space left/i, /--data chooses another/],
    });
  } finally {
    disk.unmount();
  }
});
