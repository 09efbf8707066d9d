// The loader's whole life on the running kernel, beside traffic, built with gcc's sanitizers: memory, undefined behaviour, leaks, races.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { makeLone } from '../support/lone-netns.ts';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';

/** With and without the thread that counts, and with its reader gone before the end and after. */
const ROUNDS = 4;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-sanitized-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.for(['address,undefined', 'thread'])('%s', (sanitize, context) => {
  context.skip(process.getuid?.() !== 0, 'needs root: BPF');
  const made = runCommand('make', ['-C', 'bpf', 'loader-loop', `OUT=${directory}`, `SANITIZE=${sanitize}`]);
  expect(made.code, made.stderr).toBe(0);
  const netns = makeLone();
  try {
    const command = [join(directory, 'loader-loop'), join(root, 'bpf/prebuilt'), String(ROUNDS)];
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', netns.name, ...command], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const figures = stdout.trim().split(' ').map(Number);
    const rows = Object.fromEntries(KIND.map((kind, index) => [kind, figures[index] ?? 0]));
    // Otherwise rows of these kinds were not tried at all.
    for (const kind of ['connection', 'state_change', 'sample', 'reset']) expect(rows[kind], kind).toBeGreaterThan(0);
    expect(figures[KIND.length], 'counted').toBeGreaterThan(0);
  } finally {
    netns.close();
  }
});
