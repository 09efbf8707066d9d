// Reports of agents at the real route, over the real engine: what is wrong in one is refused by its name, and the rest of it is stored.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentReport } from '../../../agent/contract/agent-report.ts';
import { EPOCH, HOST_HEX, postReport, report } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, withStore } from '../support/collector.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const now_minute_ms = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;

let directory: TestDirectory;
let collector: TestCollector;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => directory.remove());

const process = { pid: 42, started_at_ms: 1_772_500_000_000, name: 'nginx', command: 'nginx', cgroup_id: '3' };
const cgroup = { cgroup_id: '3', path: '/system.slice/nginx.service', container_id: '', pod_uid: '', unit: 'nginx.service' };
const netns = { netns: '1', inode: 4_026_531_840, name: 'host' };
const hook = { name: 'tcp_retransmit_skb', attached: true, reason: '' };
const seen = { epoch: EPOCH, minute_ms: now_minute_ms, kind: 'sample', outcome: 'seen', rows: 1 } as const;
const lost = { ...seen, outcome: 'spool_dropped', rows: 9, sequences: [[3, 5]] };
const { host } = report();

/** What is wrong with one part of a report: in which list, and by which member the refusal must name it. */
type Wrong = [what: string, list: keyof AgentReport, part: unknown, named: string];
const half = `${'x'.repeat(1023)}\ud83d`;

test.each<Wrong>([
  ['half a character at the end of a command line', 'processes', { ...process, command: half }, 'process 1: command'],
  ['half a character at the beginning of a name', 'processes', { ...process, name: '\ude00' }, 'process 1: name'],
  ['a NUL in a command line', 'processes', { ...process, command: 'a\0b' }, 'process 1: command'],
  ['a command line of 1025 characters', 'processes', { ...process, command: 'x'.repeat(1025) }, 'process 1: command'],
  ['a name of one letter with a thousand accents', 'processes', { ...process, name: `e${'\u0301'.repeat(1000)}` }, 'process 1: name'],
  ['a start that JavaScript prints as 1e+21', 'processes', { ...process, started_at_ms: 1e21 }, 'process 1: started_at_ms'],
  ['a start after the last day of the tables', 'processes', { ...process, started_at_ms: 9e15 }, 'process 1: started_at_ms'],
  ['a pid of 1e21', 'processes', { ...process, pid: 1e21 }, 'process 1: pid'],
  ['a pid of half', 'processes', { ...process, pid: 0.5 }, 'process 1: pid'],
  ['a cgroup id with leading zeros', 'processes', { ...process, cgroup_id: '007' }, 'process 1: cgroup_id'],
  ['a cgroup id of 2^64', 'processes', { ...process, cgroup_id: '18446744073709551616' }, 'process 1: cgroup_id'],
  ['no process at all', 'processes', null, 'process 1'],
  ['a process without a pid', 'processes', { ...process, pid: undefined }, 'process 1: pid'],
  ['half a character in a path', 'cgroups', { ...cgroup, path: '/\ud83d' }, 'cgroup 1: path'],
  ['half a character in a container', 'cgroups', { ...cgroup, container_id: '\ud83d' }, 'cgroup 1: container_id'],
  ['half a character in a pod', 'cgroups', { ...cgroup, pod_uid: '\ud83d' }, 'cgroup 1: pod_uid'],
  ['half a character in a unit', 'cgroups', { ...cgroup, unit: '\ud83d' }, 'cgroup 1: unit'],
  ['an id of zeros', 'cgroups', { ...cgroup, cgroup_id: '00' }, 'cgroup 1: cgroup_id'],
  ['half a character in a namespace', 'netns', { ...netns, name: '\ud83d' }, 'netns 1: name'],
  ['an inode beyond 2^53', 'netns', { ...netns, inode: 1e21 }, 'netns 1: inode'],
  ['half a character in a hook', 'hooks', { ...hook, reason: '\ud83d' }, 'hook 1: reason'],
  ['a minute beyond all', 'accounting', { ...seen, minute_ms: 6e25 }, 'accounting 1: minute_ms'],
  ['a minute of 1970', 'accounting', { ...seen, minute_ms: MINUTE_MS }, 'accounting 1: minute_ms'],
  ['a part of a minute', 'accounting', { ...seen, minute_ms: now_minute_ms + 1 }, 'accounting 1: minute_ms'],
  ['less than no rows', 'accounting', { ...seen, rows: -1 }, 'accounting 1: rows'],
  ['an outcome that nobody knows', 'accounting', { ...seen, outcome: 'eaten' }, 'accounting 1: outcome'],
  ['a batch that no sequence can be', 'lost', { ...lost, sequences: [[0, 1]] }, 'lost_batches 1: sequences'],
  ['no batches', 'lost', { ...lost, sequences: [] }, 'lost_batches 1: sequences'],
  ['batches that a collector would have lost', 'lost', { ...lost, outcome: 'quarantined' }, 'lost_batches 1: outcome'],
  ['lost batches of a kind that is none', 'lost', { ...lost, kind: 'snmp' }, 'lost_batches 1: kind'],
  ['a kind that is none', 'accounting', { ...seen, kind: 'sam\ud83dple' }, 'accounting 1: kind'],
])('%s is refused by its name, and its neighbours are stored', async (_what, list, part, named) => {
  const good = { processes: [process], cgroups: [cgroup], netns: [netns], hooks: [hook], accounting: [seen], lost: [lost] };
  const body = { ...report(), ...good, [list]: [good[list as keyof typeof good][0], part] };
  const answer = await postReport(collector.url, body);
  expect(answer).toMatchObject({ status: 422, body: { code: 'report_partly_refused' } });
  expect(answer.body['message']).toContain(named);
  const rest = await postReport(collector.url, { ...report(), ...good });
  expect(rest).toMatchObject({ status: 200, body: { stored: true } });
});

test.each([
  ['name', { ...host, name: '\ud83d' }],
  ['name', { ...host, name: 'x'.repeat(1024 * 1024) }],
  ['kernel', { ...host, kernel: `6.1\0` }],
  ['machine', { ...host, machine: '\udfff' }],
  ['agent_version', { ...host, agent_version: '\ud83d' }],
])('a host with a bad %s: its processes are stored', async (member, bad) => {
  const answer = await postReport(collector.url, { ...report(), host: bad, processes: [process] });
  expect(answer).toMatchObject({ status: 422, body: { code: 'report_partly_refused' } });
  expect(answer.body['message']).toContain(`host: ${member}`);
});

test.each([
  ['at_ms', 1e21],
  ['interval_ms', 1e21],
  ['interval_ms', 2 ** 32],
  ['epoch', 'ABCDEF'],
  ['processes', {}],
])('a report whose %s is %s is refused as a whole, by its name', async (member, value) => {
  const answer = await postReport(collector.url, { ...report(), [member]: value });
  expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  expect(answer.body['message']).toContain(member);
});

test('members of an entity that nobody asked for do not reach the tables', async () => {
  const others = { host_id: 99, at: 'never', epoch: 1, minute: 'x', reporter: 'me' };
  const body = {
    ...report(),
    host: { ...host, ...others, hooks: 5 },
    processes: [{ ...process, ...others }],
    cgroups: [{ ...cgroup, ...others }],
    netns: [{ ...netns, ...others }],
    accounting: [{ ...seen, ...others, epoch: EPOCH }],
  };
  expect(await postReport(collector.url, body)).toMatchObject({ status: 200, body: { stored: true } });
});

test('an account of 120 days is stored whole', async () => {
  const accounting = Array.from({ length: 120 }, (_, day) => ({ ...seen, kind: 'reset', minute_ms: now_minute_ms - day * DAY_MS }));
  expect(await postReport(collector.url, report({ accounting }))).toMatchObject({ status: 200, body: { stored: true } });
});

test('what was refused is counted by its name', async () => {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  for (const [entity, member] of Object.entries({
    process: 'command',
    cgroup: 'path',
    netns: 'inode',
    host: 'kernel',
    accounting: 'rows',
  })) {
    expect(text).toMatch(new RegExp(`^tcplens_collector_report_refused\\w*\\{entity="${entity}",member="${member}"[^}]*\\} [1-9]`, 'm'));
  }
});

test('all that was good is in the tables, of this host alone', async () => {
  await collector.stop();
  await withStore(directory.path, async (store) => {
    const all = async (sql: string) => store.query<Record<string, unknown>>(sql);
    expect(
      await all(
        "SELECT DISTINCT lower(leftPad(hex(host_id), 16, '0')) AS host FROM (SELECT host_id FROM host UNION ALL SELECT host_id FROM process UNION ALL SELECT host_id FROM cgroup UNION ALL SELECT host_id FROM netns UNION ALL SELECT host_id FROM accounting)",
      ),
    ).toEqual([{ host: HOST_HEX }]);
    expect(await all('SELECT name, kernel FROM host FINAL')).toEqual([{ name: host.name, kernel: host.kernel }]);
    expect(await all('SELECT pid, name, command FROM process FINAL')).toEqual([{ pid: 42, name: 'nginx', command: 'nginx' }]);
    expect(await all('SELECT path FROM cgroup FINAL')).toEqual([{ path: cgroup.path }]);
    expect(await all('SELECT name FROM netns FINAL')).toEqual([{ name: 'host' }]);
    expect(
      await all(
        "SELECT count() AS days, sum(rows) AS rows FROM (SELECT minute, max(rows) AS rows FROM accounting WHERE kind = 'reset' GROUP BY minute)",
      ),
    ).toEqual([{ days: 120, rows: 120 }]);
  });
});
