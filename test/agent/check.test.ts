// What is said to those who cannot: by really being someone else, and by an empty machine.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Report, reportJson, reportText } from '../../agent/check.ts';
import { NOBODY, whyNotNobody } from '../support/nobody.ts';
import { root } from '../support/project-files.ts';

function asNobody(...args: string[]) {
  return spawnSync(process.execPath, ['cli.ts', ...args], { cwd: root, ...NOBODY, encoding: 'utf8' });
}

const whyNot = whyNotNobody();

for (const args of [['check'], ['watch'], ['agent', '--metrics', 'none'], ['record', '/nonexistent/recording']]) {
  test(`as nobody, ${args[0]} ends with 78 and says what is missing`, (ctx) => {
    if (whyNot !== '') return ctx.skip(whyNot);
    const { status, stdout, stderr } = asNobody(...args);
    expect(stdout + stderr).toMatch(/user 65534 lacks CAP_BPF and CAP_PERFMON: run it with sudo.*--replay FILE/);
    expect(status).toBe(78);
  });
}

test('as nobody, check --json is one object', (ctx) => {
  if (whyNot !== '') return ctx.skip(whyNot);
  const { status, stdout } = asNobody('check', '--json');
  expect(status).toBe(78);
  expect(JSON.parse(stdout)).toMatchObject({ uid: NOBODY.uid, can_run: false, hooks: [], problems: [{ code: 'no_capability' }] });
});

const facts: Report['facts'] = { platform: 'linux', release: '6.1', btf: true, uid: 0, capabilities: new Set() };
const hooks = [
  { name: 'one', attached: true, reason: '' },
  { name: 'two', attached: false, reason: 'EPERM: not permitted' },
];

test('a refused hook is told with its reason, and tcplens still runs', () => {
  const text = reportText({ facts, cgroup2: undefined, hooks, problems: [] });
  expect(text).toMatch(/^hook one +attached$/m);
  expect(text).toMatch(/^hook two +refused: EPERM: not permitted$/m);
  expect(text).toMatch(/^cgroup2 +not mounted/m);
  expect(text.trimEnd()).toMatch(/can watch this kernel, without 1 of its hooks$/);
  expect(JSON.parse(reportJson({ facts, cgroup2: undefined, hooks, problems: [] }))).toMatchObject({ can_run: true, cgroup2: null, hooks });
});
