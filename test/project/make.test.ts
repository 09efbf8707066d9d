import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import lock from '../../package-lock.json' with { type: 'json' };
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';

/** What an ordinary user of Debian has. */
const USER_PATH = '/usr/local/bin:/usr/bin:/bin';

test('make alone lists every target that is meant for people', () => {
  const { code, stdout, stderr } = runCommand('make', ['-C', root]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const listed = stdout.split('\n').flatMap((line) => line.match(/^ {2}([a-z-]+) {2,}\S/)?.[1] ?? []);
  expect(listed).toEqual(
    expect.arrayContaining(['setup', 'run', 'test', 'test-kernel', 'test-browser', 'test-fresh', 'check', 'bpf', 'bench', 'clean']),
  );
  const dryRun = runCommand('make', ['-C', root, '--dry-run', ...listed]);
  expect(dryRun.code, dryRun.stderr).toBe(0);
});

test('continuous integration runs every suite and nothing after them', () => {
  expect(runCommand('tail', ['-n', '1', '.ci/run']).stdout).toBe('exec make test-ci\n');
  expect(runCommand('test', ['-x', '.ci/run']).code).toBe(0);
});

type Locked = { optional?: boolean; os?: string | string[]; cpu?: string | string[]; libc?: string | string[] };
const suits = (allowed: string | string[] | undefined, own: string) => allowed === undefined || [allowed].flat().includes(own);

test('npm has left out no package that this machine can use', () => {
  const packages = Object.entries(lock.packages as Record<string, Locked>);
  const native = packages.filter(([, { os, cpu, libc }]) => os && suits(os, 'linux') && suits(cpu, process.arch) && suits(libc, 'glibc'));
  expect(native.length).toBeGreaterThan(5);
  expect(native.map(([path]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('recipes find the pinned Node and npm before any other, and programs of root, wherever the project lies', () => {
  const place = mkdtempSync(join(tmpdir(), 'tcplens-make-'));
  const folder = join(place, 'a clone');
  try {
    mkdirSync(join(folder, 'deploy'), { recursive: true });
    for (const path of ['Makefile', 'dashboards', 'deploy/node']) symlinkSync(join(root, path), join(folder, path));
    const where = 'where: ; @for program in node npm ldconfig; do command -v $$program; done';
    const { stdout } = runCommand('make', ['-sC', folder, '--eval', where, 'where'], {
      env: { PATH: USER_PATH },
    });
    const [node, npm, ldconfig] = stdout.split('\n');
    expect(node).toBe(join(folder, `deploy/node/node_modules/node-linux-${process.arch}/bin/node`));
    expect(npm).toBe(join(folder, 'deploy/node/node_modules/.bin/npm'));
    expect(ldconfig).toMatch(/^\/(usr\/)?sbin\/ldconfig$/);
  } finally {
    rmSync(place, { recursive: true });
  }
});
