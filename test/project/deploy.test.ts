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

test.each(['compose.yaml', 'clickhouse/compose.yaml'])('%s publishes ports on loopback only', (path) => {
  const published = [...textOf(path).matchAll(/['"\s]((?:[\d.]+:)?\d+:\d+)['"\s]/g)].map((match) => match[1] ?? '');
  expect(published.length).toBeGreaterThan(0);
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

/** What a server is told by name: in its settings, and by whoever sets its environment. */
test('the cluster is called the same everywhere, and what its files read from the environment is set', () => {
  const compose = textOf('clickhouse/compose.yaml');
  const files_of_servers = ['cluster.xml', 'keeper.xml', 'users.xml'].map((name) => textOf(`clickhouse/${name}`)).join('\n');
  const read = [...files_of_servers.matchAll(/from_env="(\w+)"/g)].map(([, name]) => name ?? '');
  expect(new Set(read)).toEqual(new Set(['CLUSTER_SECRET', 'SHARD', 'REPLICA', 'KEEPER_ID', 'CLICKHOUSE_PASSWORD']));
  expect(read.filter((name) => !compose.includes(`${name}: `))).toEqual([]);
  const hosts = [...files_of_servers.matchAll(/<host(?:name)?>([\w-]+)</g)].map(([, name]) => name ?? '');
  expect(hosts.filter((name) => !compose.includes(`  ${name}:\n`))).toEqual([]);
  expect([...compose.matchAll(/TCPLENS_CLUSTER: (\w+)/g)].map(([, name]) => name)).toEqual(['fleet', 'fleet']);
  expect(files_of_servers).toMatch(/<remote_servers>\s*<fleet>/);
});

test.each(files.filter(({ path }) => path.endsWith('.xml')))('the elements of $path are closed where they belong', ({ text }) => {
  const open: string[] = [];
  const elements = text.replaceAll(/<!--(?:(?!--).)*-->/gs, '').matchAll(/<(\/?)(\w+)(?: \w+="[^"<&]*")*(\/?)>/g);
  for (const [, closing, name = '', empty] of elements) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
  }
  expect(open).toEqual([]);
  // Nothing is left that looks like a tag and is none.
  expect(text.replaceAll(/<!--(?:(?!--).)*-->/gs, '').replaceAll(/<\/?\w+(?: \w+="[^"<&]*")*\/?>/g, '')).not.toMatch(/[<>&]/);
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
