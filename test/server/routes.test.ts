// What people and their tools can ask of a collector that has stored a few known rows.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Accounting } from '../../server/api/accounting.ts';
import { Drops, Listeners, Resets } from '../../server/api/causes.ts';
import { Connections } from '../../server/api/connections.ts';
import { Explored, ExploreNames, Values } from '../../server/api/explore.ts';
import { WorkloadMap } from '../../server/api/map.ts';
import { PEOPLE_API } from '../../server/api/people.ts';
import { Piles } from '../../server/api/piles.ts';
import { API, Connection, Edges, Hosts, Overview, Retransmits } from '../../server/api.ts';
import { HOST } from './support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from './support/collector.ts';
import { fillKnown } from './support/known-rows.ts';
import { headOf, rawHttp } from './support/raw-http.ts';

let directory: TestDirectory;
let collector: TestCollector;

beforeAll(async () => {
  directory = await testDirectory();
  const dashboards = join(directory.path, 'dist');
  await mkdir(dashboards);
  await writeFile(join(dashboards, 'index.html'), '<!doctype html><title>page</title>');
  collector = await startCollector(join(directory.path, 'data'), {}, dashboards);
  await fillKnown(collector.url);
  await until(
    async () => ((await get(API.retransmits)).body as Static<typeof Retransmits>).retransmits.length,
    (count) => count === 3,
  );
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

type Got = { status: number; body: unknown; headers: Headers };

async function get(path: string, headers: Record<string, string> = {}): Promise<Got> {
  const response = await fetch(collector.url + path, { headers });
  const json = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: json ? await response.json() : await response.text(), headers: response.headers };
}

const filtered = (expression: string) => new URLSearchParams({ filter: expression }).toString();
const connectionPath = API.connection.replace(':host_id', String(HOST)).replace(':connection_id', '77');

test.each<[string, TSchema, object]>([
  [API.overview, Overview, { tiles: { completeness: 9 / 10 } }],
  [
    `${API.overview}?${filtered(`process = curl and service_port = 443 and peer = 10.0.0.2 and host = ${HOST}`)}`,
    Overview,
    { source: 'rows' },
  ],
  [`${API.edges}?sort=bytes&limit=1`, Edges, { total: 1, edges: [{ comm: 'curl', port: 443, host: 'web-1', retrans: 6 }] }],
  [`${API.edges}?${filtered('process = nobody')}`, Edges, { total: 0, edges: [] }],
  [
    `${API.retransmits}?${filtered('host = web-1 and connection = 77')}`,
    Retransmits,
    { retransmits: [{ class: 'rto' }, { class: 'rto' }, { class: 'rto', host: 'web-1' }] },
  ],
  [`${API.retransmits}?limit=1`, Retransmits, { retransmits: [{ peer_addr: '10.0.0.2', peer_port: 443 }] }],
  [
    connectionPath,
    Connection,
    {
      comm: 'curl',
      host_id: String(HOST),
      retransmits: [{}, {}, {}],
      resets: [{ reason: 'tcp_abort_on_close' }],
      congestion: [{ new_ca_state: 'recovery' }],
    },
  ],
  [
    `${API.connections}?sort=bytes&phase=live&limit=1`,
    Connections,
    { total: 1, rows_read: 1, next: null, connections: [{ comm: 'curl', phase: 'live', state: 'established', connection_id: '77' }] },
  ],
  [`${API.connections}?end_reason=refused`, Connections, { total: 0, connections: [], counts: [{ phase: 'live', connections: 1 }] }],
  [API.listeners, Listeners, { total: 1, listeners: [{ port: 80, full: 1.5, drops: 1, sockets: 1 }] }],
  [`${API.listeners}?limit=1&${filtered('service_port = 81')}`, Listeners, { total: 0, listeners: [] }],
  [
    `${API.piles}?state=established&sort=growth&limit=1`,
    Piles,
    { piles_total: 1, piles: [{ comm: 'curl', state: 'established', connections: 1, before: 0 }], ports: [{ used: 1, failed: 0 }] },
  ],
  [API.map, WorkloadMap, { total: 1, nodes: [{ comm: 'curl' }, { host_id: null }], edges: [{ from: 0, to: 1, port: 443 }] }],
  [API.resets, Resets, { total: 1, resets: [{ direction: 'sent', connection_id: '77', idle_p50_us: null }] }],
  [`${API.drops}?${filtered(`host = ${HOST}`)}`, Drops, { total: 1, drops: [{ reason: 'netfilter_drop', packets: 1 }] }],
  [
    `${API.accounting}?host_id=${HOST}`,
    Accounting,
    { total: 1, hosts: [{ host: 'web-1', seen: 10, sent: 8, queued: 1, lost: { ring_lost: 1 }, completeness: 0.9 }] },
  ],
  [
    `${API.explore}?metrics=connects,retransmits,rtt&by=host,process&${filtered('service_port = 443')}`,
    Explored,
    {
      groups: 1,
      source: 'rows',
      step_s: null,
      columns: [
        { name: 'host', sort: 'dimension' },
        { name: 'host_id' },
        { name: 'process' },
        { name: 'other' },
        { name: 'connects', unit: 'connections', end: 'at the end that asked for the connection' },
        { name: 'retransmits', unit: 'segments' },
        { name: 'rtt', unit: 'us', adds: 'distribution' },
        { name: 'rtt_samples', least: 20 },
      ],
      rows: [['web-1', String(HOST), 'curl', false, 1, 6, [], 0]],
    },
  ],
  [
    API.explore_names,
    ExploreNames,
    {
      metrics: expect.arrayContaining([expect.objectContaining({ name: 'connects', pairs: false })]),
      dimensions: expect.arrayContaining([expect.objectContaining({ name: 'host' })]),
    },
  ],
  [`${API.explore}?metrics=drops&by=reason`, Explored, { rows: [['netfilter_drop', false, 1]] }],
  [`${API.explore}?metrics=drops&step=60`, Explored, { watched_s: expect.arrayContaining([expect.any(Number)]) }],
  [`${API.values}?field=process&prefix=cu`, Values, { values: [{ text: 'curl' }], of: 'rows' }],
  [`${API.values}?field=host`, Values, { values: [{ text: 'web-1', count: 1 }], of: 'hosts' }],
  [`${API.values}?field=class`, Values, { values: [{ text: 'rto', count: 3 }] }],
  [`${API.values}?field=peer&prefix=10.`, Values, { values: [{ text: '10.0.0.2' }] }],
  [API.hosts, Hosts, { hosts: [{ name: 'web-1', host_id: String(HOST), hooks: [{ attached: true }] }] }],
])('%s answers as its schema says', async (path, schema, expected) => {
  const { status, body } = await get(path);
  expect(status).toBe(200);
  expect([...Compile(schema).Errors(body)]).toEqual([]);
  expect(body).toMatchObject(expected);
});

test('a filter that is wrong is refused with its place', async () => {
  const { status, body } = await get(`${API.edges}?${filtered('process = nginx and container = ')}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({
    code: 'filter_invalid',
    span: { start: 32, end: 33 },
    message: expect.stringContaining('expected a value'),
  });
});

test.each<[string, number, string]>([
  [`${API.overview}?from=now`, 400, 'request_invalid'],
  [API.question.replace(':id', 'short'), 400, 'request_invalid'],
  [`${API.overview}?from=2000&to=1000`, 400, 'request_invalid'],
  [`${API.overview}?from=${Date.now() + 3_600_000}`, 400, 'range_in_future'],
  [`${API.overview}?from=81985529216486895`, 400, 'range_in_future'],
  [`${API.fleet_host.replace(':host_id', '1')}?from=${Date.now() + 3_600_000}`, 400, 'range_in_future'],
  [`${API.overview}?${filtered('port = 70000')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('peer = 10.0.0')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('peer = 010.0.0.1')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('peer = fe80::1%eth0')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('host = 99999999999999999999')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('host = nobody')}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered("host = 1' OR 1")}`, 400, 'filter_invalid'],
  [`${API.overview}?${filtered('x'.repeat(4097))}`, 400, 'request_invalid'],
  [`${API.overview}?colour=red`, 400, 'request_invalid'],
  [`${API.edges}?sort=name`, 400, 'request_invalid'],
  [`${API.edges}?limit=100000`, 400, 'request_invalid'],
  [`${API.retransmits}?limit=0`, 400, 'request_invalid'],
  [API.explore, 400, 'request_invalid'],
  [`${API.explore}?metrics=nothing`, 400, 'request_invalid'],
  [`${API.explore}?metrics=connects&${filtered('proces = a')}`, 400, 'filter_invalid'],
  [`${API.explore}?metrics=connects&from=1000&step=1`, 422, 'too_much'],
  [`${API.explore}?metrics=drops&sql=true`, 403, 'role_needed'],
  [`${API.values}?field=duration`, 400, 'request_invalid'],
  [`${API.values}?field=nothing`, 400, 'request_invalid'],
  [`${API.connections}?sort=comm`, 400, 'request_invalid'],
  [`${API.connections}?phase=dead`, 400, 'request_invalid'],
  [`${API.connections}?after=1:2`, 400, 'request_invalid'],
  [`${API.connections}?after=1:007:2`, 400, 'request_invalid'],
  [`${API.connections}?limit=1001`, 400, 'request_invalid'],
  ['/api/v1/connections/1/2', 404, 'not_found'],
  ['/api/v1/connections/x/2', 400, 'request_invalid'],
  ['/api/v1/connections/99999999999999999999/2', 400, 'request_invalid'],
  ['/api/v1/connections/007/2', 400, 'request_invalid'],
  ['/api/v1/connections/1/00', 400, 'request_invalid'],
  [`${API.edges}?${filtered('process =')}`, 400, 'filter_invalid'],
  [`${API.listeners}?${filtered('host')}`, 400, 'filter_invalid'],
  [`${API.accounting}?host_id=01`, 400, 'request_invalid'],
  [`${API.retransmits}?connection_id=1`, 400, 'request_invalid'],
  [`${API.hosts}?after=01%20web-1`, 400, 'request_invalid'],
  ['/api/v1/nothing', 404, 'not_found'],
  ['/assets/missing.js', 404, 'not_found'],
  [API.live, 400, 'request_invalid'],
])('%s is refused with the reason', async (path, status, code) => {
  const answer = await get(path, { accept: 'text/html' });
  expect(answer.body).toEqual({
    code,
    message: expect.stringMatching(/.{5}/),
    ...(code === 'filter_invalid' && { span: expect.anything() }),
  });
  expect(answer.status).toBe(status);
});

test('the same answer as CSV', async () => {
  const { body, headers } = await get(`${API.explore}?metrics=retransmits,rtt&by=process&format=csv`);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(body).toBe('process,other,retransmits,rtt,rtt_samples\r\ncurl,false,6,,0\r\n');
});

test.each([
  ['/healthz', 200, { status: 'up' }],
  ['/readyz', 200, { status: 'ready' }],
])('%s', async (path, status, body) => {
  expect(await get(path)).toMatchObject({ status, body });
});

test('/metrics has the figures of the log and the store', async () => {
  const { body, headers } = await get('/metrics');
  expect(headers.get('content-type')).toContain('text/plain');
  expect(body).toMatch(/^tcplens_collector_rows_total\{[^}]*kind="retransmit"[^}]*\} 3$/m);
  expect(body).toMatch(/^tcplens_collector_rows_inserted_total\{[^}]*kind="retransmit"[^}]*\} 3$/m);
  expect(body).toMatch(/^tcplens_collector_log_size\S* 0$/m);
});

test('what a request says is compressed is not unpacked before its length is known', async () => {
  const body = gzipSync(Buffer.alloc(1 << 20, ' '));
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
  const answer = await fetch(collector.url + PEOPLE_API.login, { method: 'POST', headers, body });
  expect(answer.status).toBe(400);
});

test('a name that only pretends to be this machine is refused', async () => {
  const { ended } = rawHttp(collector.url, headOf(collector.url, `GET ${API.hosts}`, { host: 'rebound.example', connection: 'close' }));
  const answer = await ended;
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(answer).toContain('host_forbidden');
});

/** A question that is counted and costs next to nothing: it is refused. */
const CHEAP = `${API.overview}?colour=red`;

test('who asks too often is told to wait', async () => {
  // The clock stands still: however slow the machine, all of it is within the minute that is counted.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  const answers: number[] = [];
  for (let round = 0; round < 30; round++)
    answers.push(...(await Promise.all(Array.from({ length: 50 }, async () => (await get(CHEAP)).status))));
  expect(answers).toContain(429);
  const { body, headers } = await get(API.hosts);
  expect(body).toMatchObject({ code: 'too_many_requests' });
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await get('/readyz')).status).toBe(200);
});
