import { expect, test } from 'vitest';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';

test('make alone lists every target that is meant for people', () => {
  const { code, stdout, stderr } = runCommand('make', ['-C', root]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const listed = stdout.split('\n').flatMap((line) => line.match(/^ {2}([a-z-]+) {2,}\S/)?.[1] ?? []);
  expect(listed).toEqual(expect.arrayContaining(['setup', 'run', 'test', 'test-kernel', 'test-browser', 'check', 'bpf', 'bench', 'clean']));
  const dryRun = runCommand('make', ['-C', root, '--dry-run', ...listed]);
  expect(dryRun.code, dryRun.stderr).toBe(0);
});

test('continuous integration runs make test and nothing after it', () => {
  expect(runCommand('tail', ['-n', '1', '.ci/run']).stdout).toBe('exec make test\n');
  expect(runCommand('test', ['-x', '.ci/run']).code).toBe(0);
});
