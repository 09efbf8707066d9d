// An admin deletes hosts: those that have joined and those that never did, with and without what is stored of them.
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { API, type Fleet, type Retransmits } from '../../../server/api.ts';
import { HOST, HOST_HEX, headersOf, post, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until, withStore } from '../support/collector.ts';
import { ask, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

const OTHER = 0xaan;
const OTHER_HEX = '00000000000000aa';

let directory: TestDirectory;
let collector: TestCollector;
let joined: string;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
  const line = await enrol(collector.url, directory.path);
  joined = (await joinWith(collector.url, line, { name: 'joined-1' })).host_id;
  expect(await postBatch(collector.url, 'retransmit', 1, rowsOf('retransmit', 5))).toMatchObject({ status: 200 });
  await until(
    () => rowsHeld(),
    (rows) => rows === 5,
  );
});
afterAll(() => directory.remove());

const get = async <Answer>(path: string) => (await (await fetch(collector.url + path)).json()) as Answer;
const rowsHeld = async (host_id = HOST) =>
  (await get<Retransmits>(`${API.retransmits}?${new URLSearchParams({ filter: `host = ${host_id}` })}`)).retransmits.length;
const names = async () => (await get<Fleet>(`${API.fleet}?sort=name`)).hosts.map(({ name }) => name);
const remove = (host_id: string, query: string) =>
  ask(collector.url + ADMIN_API.agent.replace(':host_id', host_id) + query, { method: 'DELETE', headers: ownerOf(directory.path) });
const reported = (seconds_ago: number, host_id = HOST_HEX) =>
  postReport(collector.url, report({ host_id, at_ms: Date.now() - seconds_ago * 1000 }));

test('a host that still reports is not removed, and the message says what to do', async () => {
  await reported(0);
  const { status, body } = await remove(HOST_HEX, '?rows=remove');
  expect([status, body['code']]).toEqual([409, 'host_reports']);
  expect(body['message']).toMatch(/heard \d+ s ago: revoke it or stop its agent, and delete it 20 s after its last report/);
  expect(await rowsHeld()).toBe(5);
});

test('one that has joined is forgotten, and leaves the list', async () => {
  expect(await names()).toEqual(['joined-1', 'web-1']);
  expect(await remove(joined, '')).toMatchObject({ status: 200, body: { done: true, rows: 'kept' } });
  expect(await names()).toEqual(['web-1']);
});

test.each([
  ['', /no agent with the host id .* has joined/],
  ['?rows=remove', /no host with the id .* has joined or reported/],
])('one that nobody knows is not found (%j)', async (query, message) => {
  const { status, body } = await remove('00000000000000bb', query);
  expect([status, body['code']]).toEqual([404, 'not_found']);
  expect(body['message']).toMatch(message);
});

test('one that never joined and is silent is removed with its rows', async () => {
  await reported(60, OTHER_HEX);
  const own = rowsOf('retransmit', 3, () => ({ host_id: OTHER }));
  const headers = { ...headersOf('retransmit', 1), 'tcplens-host-id': OTHER_HEX };
  expect(await post(`${collector.url}/v1/rows`, headers, zstdCompressSync(own))).toMatchObject({ status: 200 });
  await until(
    () => rowsHeld(OTHER),
    (rows) => rows === 3,
  );
  expect(await remove(OTHER_HEX, '?rows=remove')).toMatchObject({ status: 200, body: { done: true, rows: 'being_removed' } });
  expect(await names()).toEqual(['web-1']);
  await until(
    () => rowsHeld(OTHER),
    (rows) => rows === 0,
  );
  expect(await rowsHeld()).toBe(5);
  expect(await remove(OTHER_HEX, '?rows=remove')).toMatchObject({ status: 404 });
});

test('all of it is in the audit, what was refused too', async () => {
  await collector.stop();
  const entries = await withStore(directory.path, (store) =>
    store.query("SELECT target, outcome, detail FROM audit WHERE action = 'agent_remove' ORDER BY at LIMIT 9", {}, 9),
  );
  expect(entries).toEqual([
    { target: HOST_HEX, outcome: 'host_reports', detail: 'rows=remove' },
    { target: joined, outcome: 'done', detail: 'rows=keep' },
    { target: '00000000000000bb', outcome: 'not_found', detail: 'rows=keep' },
    { target: '00000000000000bb', outcome: 'not_found', detail: 'rows=remove' },
    { target: OTHER_HEX, outcome: 'done', detail: 'rows=remove' },
    { target: OTHER_HEX, outcome: 'not_found', detail: 'rows=remove' },
  ]);
});
