import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../support/project-files.ts';
import { type Finished, runCommand } from '../support/run-command.ts';

const launcher = join(root, 'tcplens');
const subcommands = ['up', 'serve', 'admin', 'agent', 'watch', 'check', 'record', 'replay'];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tcplens-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const tcplens = (...args: string[]): Finished => runCommand(launcher, args, { cwd: folder });

test('the version is that of package.json, and nothing else is said', () => {
  expect(tcplens('--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test.each([[[]], [['--help']], [['help']]])('%j lists the subcommands and the exit codes', (args) => {
  const { code, stdout, stderr } = tcplens(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const name of subcommands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(stdout).toMatch(/^ {2}78 /m);
});

test.each(subcommands)("'%s --help' is the subcommand's own", (name) => {
  const { code, stdout, stderr } = tcplens(name, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^Usage: tcplens ${name}\\b`));
  expect(tcplens('help', name).stdout).toBe(stdout);
});

const wrong: [args: string[], says: string][] = [
  [['wach'], 'Did you mean watch?'],
  [['--wrong'], "unknown option '--wrong'"],
  [['serve', '--wrong'], "unknown option '--wrong'"],
];
test.each(wrong)('wrong usage ends with 2: %j', (args, says) => {
  const { code, stdout, stderr } = tcplens(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test('an empty variable is as good as none', () => {
  const env = { ...process.env, TCPLENS_CLICKHOUSE: '' };
  const { code, stderr } = runCommand(launcher, ['admin', 'migrations', '--data', 'nothing'], { cwd: folder, env });
  expect(stderr).toContain("nothing has no tables: name the collector's --data");
  expect(code).toBe(1);
});

test('it starts through links, absolute and relative, from anywhere', () => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(launcher, join(folder, 'tcplens-absolute'));
  symlinkSync('../tcplens-absolute', join(folder, 'bin/tcplens'));
  expect(runCommand(join(folder, 'bin/tcplens'), ['--version'], { cwd: '/' }).stdout).toBe(`${packageJson.version}\n`);
  expect(runCommand('./bin/../bin/tcplens', ['--version'], { cwd: folder }).stdout).toBe(`${packageJson.version}\n`);
});

/** The launcher on a machine whose `node` is the script `node`, or which has none. */
function onMachineWith(node: string | undefined): Finished {
  const machine = mkdtempSync(join(folder, 'machine-'));
  copyFileSync(launcher, join(machine, 'tcplens'));
  mkdirSync(join(machine, 'bin'));
  for (const command of ['dirname', 'readlink', 'uname']) symlinkSync(join('/usr/bin', command), join(machine, 'bin', command));
  if (node) writeFileSync(join(machine, 'bin/node'), node, { mode: 0o755 });
  return runCommand('/bin/sh', ['tcplens', '--version'], { cwd: machine, env: { PATH: join(machine, 'bin') } });
}

const machines: [name: string, node: string | undefined, says: RegExp][] = [
  ['no Node', undefined, /Node 24\.12 or newer is missing: run 'make setup' in /],
  ['an old Node', '#!/bin/sh\n[ "$1" = --version ] && echo v20.19.0 || exit 1\n', /Node v20\.19\.0 is too old/],
  ['no packages', '#!/bin/sh\nexit 0\n', /packages are not installed/],
];
test.each(machines)('%s: ends with 78 and says what to do', (_, node, says) => {
  const { code, stderr } = onMachineWith(node);
  expect({ code }).toEqual({ code: 78 });
  expect(stderr).toMatch(says);
});
