// What is said to those who cannot: by really being someone else, and by an empty machine.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { type Report, reportJson, reportText, type Watching } from '../../../agent/commands/check-report.ts';
import { kernelMemory } from '../../../agent/host/kernel-memory.ts';
import { NOBODY, whyNotNobody } from '../../support/nobody.ts';
import { root } from '../../support/project-files.ts';
import { runCommand } from '../../support/run-command.ts';

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
  expect(JSON.parse(stdout)).toMatchObject({
    uid: NOBODY.uid,
    can_run: false,
    hooks: [],
    after_start: null,
    problems: [{ code: 'no_capability' }],
  });
});

test('as root, check --json says what an agent would have here', (ctx) => {
  if (process.getuid?.() !== 0) return ctx.skip('needs root: BPF');
  const { code, stdout } = runCommand(process.execPath, ['cli.ts', 'check', '--json', '--refuse', 'tcp_retransmit_synack']);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as Watching & { after_start: object; can_run: boolean };
  expect(report).toMatchObject({ can_run: true, after_start: { uid: 0, bounding_empty: true }, problems: [] });
  expect(report.hooks).toContainEqual({ name: 'tcp_retransmit_synack', attached: false, reason: 'refused by option' });
  expect(report.netns.length).toBeGreaterThan(0);
  expect(report.memory.rings).toBeGreaterThan(8 << 20);
});

const facts: Report['facts'] = {
  platform: 'linux',
  release: '6.1',
  btf: true,
  module_btf: ['nf_tables'],
  unprivileged_bpf_disabled: 2,
  uid: 0,
  capabilities: new Set(['CAP_BPF']),
};
const watching: Watching = {
  hooks: [
    { name: 'one', attached: true, reason: '' },
    { name: 'two', attached: false, reason: 'EPERM: not permitted' },
  ],
  fields: [
    { name: 'reset_reason', attached: false, reason: 'tcp_send_reset has it since Linux 6.10' },
    { name: 'drop_reason', attached: true, reason: '' },
  ],
  netns: [{ netns: '1', inode: 4026531840, name: 'host' }],
  netns_refused: [{ inode: 4026532200, name: 'blue', reason: 'EPERM' }],
  memory: { rings: 18 << 20, other_maps: 2 << 20 },
  rights: { uid: 0, capabilities: { CAP_SYS_ADMIN: 'enters other network namespaces' }, bounding_empty: true, threads: 7 },
};

test.each([
  /^BTF +present; of modules: nf_tables$/m,
  /^CAP_BPF +yes$/m,
  /^CAP_PERFMON +no$/m,
  /^cgroup2 +not mounted/m,
  /^hook one +attached$/m,
  /^hook two +refused: EPERM: not permitted$/m,
  /^field drop_reason +told$/m,
  /^field reset_reason +not told: tcp_send_reset has it since Linux 6\.10$/m,
  /^namespaces +1 entered, 1 refused$/m,
  /^namespace blue +refused: EPERM$/m,
  /^kernel memory +18 MiB in rings, 2 MiB in other maps$/m,
  /^once it runs +root, no_new_privs, bounding set empty, in all 7 threads$/m,
  /^keeps CAP_SYS_ADMIN +enters other network namespaces$/m,
  /^tcplens can watch this kernel, without 1 of its hooks\n$/m,
])('what is found is a line each: %s', (line) => {
  expect(reportText({ facts, cgroup2: undefined, problems: [], watching })).toMatch(line);
});

test('an agent that keeps nothing says so', () => {
  const rights = { uid: 1000, capabilities: {}, bounding_empty: false, threads: 7 };
  const text = reportText({ facts, cgroup2: '/sys/fs/cgroup', problems: [], watching: { ...watching, rights } });
  expect(text).toMatch(/^once it runs +user 1000, no_new_privs, bounding set as it was, in all 7 threads\nkeeps +no capability$/m);
});

test('as JSON', () => {
  const { rights, ...seen } = watching;
  expect(JSON.parse(reportJson({ facts, cgroup2: undefined, problems: [], watching }))).toEqual({
    ...facts,
    ...seen,
    capabilities: ['CAP_BPF'],
    cgroup2: null,
    after_start: rights,
    problems: [],
    can_run: true,
  });
});

test('maps are counted once, however many descriptors they have', () => {
  const map = (id: number, type: number, memlock: number) => `pos:\t0\nmap_type:\t${type}\nmemlock:\t${memlock}\nmap_id:\t${id}\n`;
  const texts = [map(7, 27, 1000), map(7, 27, 1000), map(8, 27, 200), map(9, 1, 30), 'pos:\t0\nflags:\t02\n', ''];
  expect(kernelMemory(texts)).toEqual({ rings: 1200, other_maps: 30 });
});
