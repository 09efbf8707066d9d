// What can be checked of deploy/ without the programs that run it; deploy/README.md says what cannot.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFiles, root } from '../support/project-files.ts';
import { missingCommand, runCommand } from '../support/run-command.ts';

const files = projectFiles('deploy');
const textOf = (path: string): string => files.find((file) => file.path === `deploy/${path}`)?.text ?? '';
const units = files.filter(({ path }) => path.endsWith('.service'));

test.for(units)('systemd understands $path', ({ path, text }, ctx) => {
  const missing = missingCommand(['systemd-analyze']);
  ctx.skip(missing !== undefined, `${missing} is not installed`);
  const folder = mkdtempSync(join(tmpdir(), 'tcplens-units-'));
  try {
    const unit = join(folder, path.replace(/.*\//, ''));
    writeFileSync(unit, text.replaceAll('/opt/tcplens', root));
    const { code, stdout, stderr } = runCommand('systemd-analyze', ['verify', '--man=no', unit]);
    // A setting that it does not know is only a warning.
    expect({ code, says: stdout + stderr }).toEqual({ code: 0, says: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every variable that is set is one that the program reads', () => {
  const help = ['serve', 'agent'].map((name) => runCommand('./tcplens', [name, '--help']).stdout).join('\n');
  const set = files.flatMap(({ text }) => [...text.matchAll(/\b(?:TCPLENS|OTEL)_[A-Z_]+/g)].map(([name]) => name));
  expect(set.length).toBeGreaterThan(0);
  expect([...new Set(set)].filter((name) => !help.includes(name))).toEqual([]);
});

test('compose publishes ports on loopback only', () => {
  const published = [...textOf('compose.yaml').matchAll(/['"\s]((?:[\d.]+:)?\d+:\d+)['"\s]/g)].map((match) => match[1] ?? '');
  expect(published.length).toBeGreaterThan(0);
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('the agent gets the same capabilities as a unit and as a container', () => {
  const unit =
    textOf('systemd/tcplens-agent.service')
      .match(/^CapabilityBoundingSet=(.+)$/m)?.[1]
      ?.split(' ') ?? [];
  const container =
    textOf('compose.yaml')
      .match(/cap_add: \[(.+)\]/)?.[1]
      ?.split(', ') ?? [];
  expect(unit.length).toBeGreaterThan(0);
  expect(unit.filter((name) => !container.includes(name.replace('CAP_', '')))).toEqual([]);
});
