// A fleet far larger than one answer may be long: the collector starts, answers page by page, and starts again.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OUTCOMES } from '../../agent/contract/outcome.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Accounting, Fleet, FleetOne, Health, Hosts, Overview } from '../../server/api.ts';
import { HOSTS_MAX } from '../../server/host-names.ts';
import { openEmbedded, openEmbeddedEngine } from '../../server/storage/embedded.ts';
import { waitFor } from '../support/wait.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from './support/collector.ts';

const HOSTS = 20_000;
/** Of each kind on each host. */
const ROWS = 10;
const LOST_EVERY = 4000;

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  await fillTables(join(directory.path, 'engine'));
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

/**
 * As reports of this minute leave the tables: of each kind what was seen and sent, and on some hosts each loss. Names come in another order than ids.
 * The reports are of an hour from now: no host falls silent while the tests go on.
 */
async function fillTables(path: string): Promise<void> {
  const store = await openEmbedded({ path });
  await store.migrate();
  await store.close();
  const engine = await openEmbeddedEngine({ path });
  await engine.command(hosts(`concat('web-', leftPad(toString(${HOSTS} - number), 6, '0'))`, `numbers(${HOSTS})`));
  await engine.command(`INSERT INTO accounting (minute, host_id, epoch, kind, outcome, rows)
SELECT toStartOfMinute(now()), host, 7, kind, outcome, if(outcome IN ('seen', 'sent'), ${ROWS}, 1)
FROM (SELECT number + 1 AS host, arrayJoin(${list(KIND)}) AS kind, arrayJoin(${list(OUTCOMES)}) AS outcome FROM numbers(${HOSTS}))
WHERE outcome IN ('seen', 'sent') OR host % ${LOST_EVERY} = 0`);
  await engine.command(AGENTS);
  await engine.close();
}
/** Every host has joined, one in four to production. */
const AGENTS = `INSERT INTO access_record (kind, id, version, ends_at, body)
SELECT 'agent', lower(leftPad(hex(number + 1), 16, '0')), 1, now() + INTERVAL 1 DAY, concat('{"name":"web","enrolment":"","place":"","joined_ms":1,"secret_ms":1,"labels":{"env":"',
  if(number % 4 = 0, 'prod', 'test'), '"},"secret_sha256":"', lower(hex(SHA256(toString(number)))), '","machine_sha256":"', lower(hex(SHA256(toString(number)))), '"}')
FROM numbers(${HOSTS})`;
const hosts = (name: string, numbers: string) => `INSERT INTO host (host_id, epoch, at, name, machine, kernel, agent_version, hooks)
SELECT number + 1, 7, now64(3) + INTERVAL 1 HOUR, ${name}, 'x86_64', '6.1.0', '0.1.0', [('tcp_connect', true, '')] FROM ${numbers}`;
const list = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(', ')}]`;

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(collector.url + path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Answer;
}

async function everyHost(limit: number): Promise<Hosts['hosts']> {
  const all: Hosts['hosts'] = [];
  let next: string | null = '';
  while (next !== null) {
    const page: Hosts = await get(`/api/v1/hosts?limit=${limit}${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`);
    expect(page.hosts.length).toBeLessThanOrEqual(limit);
    expect(page.total).toBe(HOSTS);
    all.push(...page.hosts);
    next = page.next;
  }
  return all;
}

test('the list of hosts comes in pages, each host once, by name, with its account', async () => {
  const all = await everyHost(1000);
  expect(all.map(({ name }) => name)).toEqual(Array.from({ length: HOSTS }, (_, at) => `web-${String(at + 1).padStart(6, '0')}`));
  expect(new Set(all.map(({ host_id }) => host_id)).size).toBe(HOSTS);
  for (const { accounts } of all) {
    expect(accounts.map(({ kind }) => kind).sort()).toEqual([...KIND].sort());
    expect(accounts.every(({ seen, sent }) => seen === ROWS && sent === ROWS)).toBe(true);
  }
});

test('a page without a limit is no longer than the largest', async () => {
  const { hosts, total, next } = await get<Hosts>('/api/v1/hosts');
  expect([hosts.length, total, next === null]).toEqual([500, HOSTS, false]);
});

test('one host is found by its name among all', async () => {
  const { hosts, next } = await get<Hosts>('/api/v1/hosts?name=web-012345');
  expect(hosts.map(({ host_id }) => host_id)).toEqual([String(HOSTS - 12_345 + 1)]);
  expect(next).toBeNull();
});

test('what became of rows is told of the least complete hosts', async () => {
  const { hosts, total, steps } = await get<Accounting>('/api/v1/accounting?limit=10');
  expect(total).toBe(HOSTS);
  expect(hosts.slice(0, HOSTS / LOST_EVERY).map(({ host_id }) => Number(host_id) % LOST_EVERY)).toEqual([0, 0, 0, 0, 0]);
  expect(hosts).toHaveLength(10);
  expect(steps.reduce((sum, { seen }) => sum + seen, 0)).toBe(HOSTS * KIND.length * ROWS);
});

test('the fleet is sorted, filtered and put together by a label among all hosts, and one is found', async () => {
  const all = await get<Fleet>('/api/v1/fleet?sort=lost&group=env&limit=1000');
  expect([all.total, all.hosts.length, all.cut]).toEqual([HOSTS, 1000, false]);
  expect(all.groups.map(({ value, hosts }) => [value, hosts])).toEqual([
    ['prod', HOSTS / 4],
    ['test', (HOSTS / 4) * 3],
  ]);
  const lossy = await get<Fleet>(`/api/v1/fleet?sort=lost&limit=${HOSTS / LOST_EVERY + 1}`);
  const each = { kernel: 3, agent: 6, collector: 3 };
  const rows = (stages: number) => KIND.length * stages;
  for (const { lost } of lossy.hosts.slice(0, -1))
    expect(lost).toEqual({ kernel: rows(each.kernel), agent: rows(each.agent), collector: rows(each.collector) });
  expect(lossy.hosts.at(-1)?.lost).toEqual({ kernel: 0, agent: 0, collector: 0 });
  const { hosts: found } = await get<Fleet>('/api/v1/fleet?text=web-012345');
  expect(found.map(({ host_id }) => host_id)).toEqual([String(HOSTS - 12_345 + 1)]);
  const { host, accounts } = await get<FleetOne>('/api/v1/fleet/17');
  expect([host.seen, host.sent, host.waiting, accounts.length]).toEqual([rows(ROWS), rows(ROWS), 0, KIND.length]);
});

test('the overview and the health answer', async () => {
  const lost = (HOSTS / LOST_EVERY) * KIND.length * (OUTCOMES.length - 2);
  const seen = HOSTS * KIND.length * ROWS;
  expect((await get<Overview>('/api/v1/overview')).tiles.completeness).toBeCloseTo((seen - lost) / seen, 9);
  // It looks at the store now and then: the first time, the store may not have been open yet.
  const { figures } = await waitFor(
    'a look at the store',
    () => get<Health>('/api/v1/health'),
    (health) => health.figures.store_reason === '',
    100,
  );
  expect(figures.hosts_known).toBe(HOSTS);
  expect(figures.hosts.map(({ lost }) => lost).filter((rows) => rows > 0)).toHaveLength(HOSTS / LOST_EVERY);
});

test('it starts again, also with more hosts than it remembers names of', async () => {
  await collector.stop();
  collector = await startCollector(directory.path);
  expect((await get<Hosts>('/api/v1/hosts?limit=1')).hosts).toHaveLength(1);
  await collector.stop();
  const engine = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
  await engine.command(hosts("concat('made-up-', toString(number))", `numbers(${HOSTS}, ${HOSTS_MAX})`));
  await engine.close();
  collector = await startCollector(directory.path);
  expect((await get<Hosts>('/api/v1/hosts?limit=1')).total).toBe(HOSTS + HOSTS_MAX);
});
