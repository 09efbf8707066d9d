// The list of hosts and the history of one, of a real collector that has heard a few.
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../../../agent/contract/outcome.ts';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { Fleet, type FleetHost, FleetOne } from '../../../server/api/fleet.ts';
import { API } from '../../../server/api.ts';
import { EPOCH, HOST, HOST_HEX, headersOf, post, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { startCollector, TEST_VERSION, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const hex = (at: number) => at.toString(16).padStart(16, '0');
const decimal = (id: string) => BigInt(`0x${id}`).toString();
const IMAGE = 'a'.repeat(64);
const NAMED = { machine: 'x86_64', kernel: '6.1.0', agent_version: TEST_VERSION };

let directory: TestDirectory;
let data: string;
let collector: TestCollector;
let original: string;
let copy: string;
let revoked: string;
/** A minute that is over, of which the host tells. */
let minute_ms: number;

beforeAll(async () => {
  directory = await testDirectory();
  data = join(directory.path, 'data');
  collector = await startCollector(data);
  minute_ms = (Math.floor(Date.now() / MINUTE_MS) - 1) * MINUTE_MS;
  const told = (kind: Kind, outcome: Outcome, rows: number) => ({ epoch: EPOCH, minute_ms, kind, outcome, rows });
  const accounting = [
    told('connection', 'seen', 5000),
    told('connection', 'sent', 40),
    told('connection', 'ring_lost', 3),
    told('connection', 'spool_dropped', 2),
    told('retransmit', 'seen', 3),
    told('retransmit', 'sent', 3),
    told('retransmit', 'quarantined', 1),
  ];
  const hooks = [
    { name: 'tcp_retransmit_skb', attached: true, reason: '' },
    { name: 'tcp_send_loss_probe', attached: false, reason: 'no BTF for it' },
  ];
  await reported({ epoch: hex(1), at_ms: Date.now() - HOUR_MS, host: { ...NAMED, name: 'web-1', agent_version: '0.0.0-older' } });
  await reported({ accounting, hooks, interval_ms: HOUR_MS });
  await reported({ host_id: hex(2), at_ms: Date.now() - 10 * MINUTE_MS, host: { ...NAMED, name: 'gone-1' } });
  await reported({ host_id: hex(3), at_ms: Date.now() - 25 * HOUR_MS, host: { ...NAMED, name: 'old-1' } });
  await reported({ host_id: hex(4), interval_ms: HOUR_MS, host: { ...NAMED, name: 'far-1' } });
  await reported({ host_id: hex(5), interval_ms: HOUR_MS, at_ms: Date.now() + 90_000, host: { ...NAMED, name: 'fast-1' } });
  const refused = { ...headersOf('retransmit', 1), 'tcplens-host-id': hex(4), 'tcplens-schema': 'quic/0123456789ab' };
  expect(await post(`${collector.url}/v1/rows`, refused, Buffer.from('x'))).toMatchObject({ status: 409, body: { code: 'kind_unknown' } });
  await postBatch(collector.url, 'retransmit', 1, rowsOf('retransmit', 3));
  await postBatch(
    collector.url,
    'connection',
    2,
    rowsOf('connection', 40, (at) => ({ connection_id: at + 1 })),
  );
  const line = await enrol(collector.url, data, { labels: { env: 'prod' } });
  original = decimal((await joinWith(collector.url, line, { name: 'image-1', machine_sha256: IMAGE })).host_id);
  copy = decimal((await joinWith(collector.url, line, { name: 'image-2', machine_sha256: IMAGE })).host_id);
  const bad = await joinWith(collector.url, line, { name: 'bad-1' });
  revoked = decimal(bad.host_id);
  await ask(collector.url + ADMIN_API.revoke.replace(':host_id', bad.host_id), { method: 'POST', headers: ownerOf(data) });
  await until(
    () => hostOf(String(HOST)),
    ({ stored }) => stored === 43,
  );
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const reported = async (changes: Parameters<typeof report>[0]) =>
  expect(await postReport(collector.url, report(changes))).toMatchObject({ status: 200 });
async function get<Answer>(path: string): Promise<{ status: number; body: Answer }> {
  const response = await fetch(collector.url + path);
  return { status: response.status, body: (await response.json()) as Answer };
}
const fleet = async (query = '') => (await get<Fleet>(`${API.fleet}${query}`)).body;
const names = async (query: string) => (await fleet(query)).hosts.map(({ name }) => name);
async function hostOf(id: string): Promise<FleetHost> {
  const found = (await fleet()).hosts.find(({ host_id }) => host_id === id);
  if (found === undefined) throw new Error(`host ${id} is not in the list`);
  return found;
}

test('the answer is as its schema says, and counts every host by its state', async () => {
  const answer = await fleet();
  expect([...Compile(Fleet).Errors(answer)]).toEqual([]);
  expect(answer).toMatchObject({ total: 7, version: TEST_VERSION, cut: false, labels: ['env'] });
  expect(answer.counts).toEqual({ silent: 1, lagging: 1, revoked: 1, new: 4, live: 0, retired: 1 });
});

test('a host’s rows: what it saw, what arrived, what waits, and where the rest was lost', async () => {
  const host = await hostOf(String(HOST));
  expect(host).toMatchObject({
    name: 'web-1',
    state: 'lagging',
    seen: 5003,
    sent: 43,
    stored: 43,
    lost: { kernel: 3, agent: 2, collector: 1 },
    waiting: 5003 - 43 - 5,
    hooks_refused: [{ name: 'tcp_send_loss_probe', reason: 'no BTF for it' }],
    skew: 'newer',
    interval_ms: HOUR_MS,
    joined_ms: null,
    certificate_ends_ms: null,
  });
  // Since a minute that began up to six minutes ago.
  expect(host.rows_per_s).toBeGreaterThan(5003 / 361);
  expect(host.rows_per_s).toBeLessThan(5003 / 299);
});

test('connections that opened are counted by the second', async () => {
  expect((await hostOf(String(HOST))).connections_per_s).toBeGreaterThan(40 / 361);
});

test('an agent whose rows this collector refuses for their version is called too new', async () => {
  expect(await hostOf('4')).toMatchObject({ name: 'far-1', skew: 'too_new' });
  expect((await fleet()).versions).toContainEqual({ agent_version: TEST_VERSION, skew: 'too_new', hosts: 1 });
});

test('a clock that is ahead is told, and one that is right is not', async () => {
  expect((await hostOf('5')).clock_ahead_ms).toBeGreaterThan(80_000);
  expect((await hostOf('4')).clock_ahead_ms).toBeNull();
});

test('hosts that have joined are there before they report, with their labels and who is the same machine', async () => {
  expect(await hostOf(original)).toMatchObject({
    name: 'image-1',
    state: 'new',
    labels: { env: 'prod' },
    last_seen_ms: null,
    connections_per_s: null,
    same_machine: [{ host_id: copy, name: 'image-2' }],
  });
  expect(await hostOf(revoked)).toMatchObject({ state: 'revoked', same_machine: [] });
});

test.each<[string, string[]]>([
  ['?sort=name&state=silent', ['gone-1']],
  ['?sort=name&state=retired', ['old-1']],
  ['?sort=name&label=env%3Dprod', ['bad-1', 'image-1', 'image-2']],
  ['?sort=name&text=IMAGE%20prod', ['image-1', 'image-2']],
  ['?sort=state&limit=3', ['gone-1', 'web-1', 'bad-1']],
  ['?sort=lost&limit=1', ['web-1']],
  ['?sort=name&limit=2&offset=2', ['fast-1', 'gone-1']],
  [`?sort=name&version=${TEST_VERSION}`, ['far-1', 'fast-1', 'gone-1']],
])('%s', async (query, expected) => {
  expect(await names(query)).toEqual(expected);
});

test('hosts are put together by a label', async () => {
  expect((await fleet('?group=env')).groups.map(({ value, hosts }) => [value, hosts])).toEqual([
    ['', 4],
    ['prod', 3],
  ]);
});

test.each(['?state=away', '?sort=colour', '?limit=1001', '?label=env', '?colour=red'])('%s is refused', async (query) => {
  expect(await get(`${API.fleet}${query}`)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
});

const one = (id: string, query = '') => get<FleetOne>(API.fleet_host.replace(':host_id', id) + query);

test('one host: its hooks, the runs of its agent, and what became of its rows over time', async () => {
  const { status, body } = await one(String(HOST));
  expect(status).toBe(200);
  expect([...Compile(FleetOne).Errors(body)]).toEqual([]);
  expect(body.host.name).toBe('web-1');
  expect(body.hooks.map(({ attached }) => attached)).toEqual([true, false]);
  expect(body.runs).toMatchObject([
    { epoch: EPOCH, agent_version: '0.1.0' },
    { epoch: hex(1), agent_version: '0.0.0-older', kernel: '6.1.0' },
  ]);
  expect((body.runs[0]?.began_ms ?? 0) - (body.runs[1]?.began_ms ?? 0)).toBeGreaterThan(HOUR_MS - MINUTE_MS);
  const sum = (values: readonly (number | null)[] = []) => values.reduce<number>((all, value) => all + (value ?? 0), 0);
  expect(Object.keys(body.rows_per_s)).toEqual(['connection', 'retransmit']);
  expect(sum(body.rows_per_s['connection']) * body.step_s).toBeCloseTo(5000, 6);
  expect(Object.fromEntries(Object.entries(body.lost).map(([name, rows]) => [name, sum(rows)]))).toEqual({
    ring_lost: 3,
    spool_dropped: 2,
    quarantined: 1,
  });
  const told = body.completeness.filter((value) => value !== null);
  expect(told).toEqual([expect.closeTo((5003 - 6) / 5003, 9)]);
  for (const values of [...Object.values(body.rows_per_s), ...Object.values(body.lost), body.completeness])
    expect(values).toHaveLength(body.time_s.length);
  expect(body.accounts).toMatchObject([
    { kind: 'connection', seen: 5000, stored: 40 },
    { kind: 'retransmit', seen: 3, stored: 3 },
  ]);
});

test('a step that is not over has an account, and no rate yet', async () => {
  const { body } = await one(String(HOST), `?from=${minute_ms - 5 * MINUTE_MS}&to=${minute_ms + MINUTE_MS / 2}`);
  expect(body.time_s.at(-1)).toBe(minute_ms / 1000);
  expect(body.rows_per_s['connection']?.at(-1)).toBeNull();
  expect(body.lost['ring_lost']?.at(-1)).toBe(3);
});

test('one that has joined and not reported has no history yet', async () => {
  expect((await one(original)).body).toMatchObject({ host: { name: 'image-1' }, hooks: [], runs: [], accounts: [], lost: {} });
});

test.each([
  ['77', 404, 'not_found'],
  ['007', 400, 'request_invalid'],
  ['99999999999999999999', 400, 'request_invalid'],
  [HOST_HEX, 400, 'request_invalid'],
])('host %s: %i %s', async (id, status, code) => {
  expect(await one(id)).toMatchObject({ status, body: { code } });
});
