// What needs the data directory's owner: another user of the machine reaches the collector's port as well.
import { chmod, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ADMIN_API, type Link } from '../../../server/api/admin.ts';
import { API } from '../../../server/api.ts';
import { Gate } from '../../../server/door/gate.ts';
import { Owner } from '../../../server/door/owner.ts';
import { ROUTE_RIGHTS, registerRights } from '../../../server/door/rights.ts';
import type { App } from '../../../server/http.ts';
import { HOST, nowNs, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeEach(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterEach(async () => {
  await collector.stop();
  await directory.remove();
});

const tokenFile = () => join(directory.path, 'token');
const token = async () => (await readFile(tokenFile(), 'utf8')).trim();
const bearer = async () => ({ authorization: `Bearer ${await token()}` });

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, unknown>; cookie: string }> {
  const response = await fetch(collector.url + path, { redirect: 'manual', ...init });
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, body, cookie: response.headers.get('set-cookie') ?? '' };
}

const change = async (headers: Record<string, string>) =>
  ask(ADMIN_API.retention, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ class: 'rows', days: 12 }),
  });

test('each route that changes anything but what agents send, what somebody saves or looks into, and who somebody is here, needs an admin', () => {
  const changing = Object.keys(ROUTE_RIGHTS).filter((route) => /^(POST|PUT|PATCH|DELETE) /.test(route));
  expect(changing).not.toEqual([]);
  expect(changing.filter((route) => ROUTE_RIGHTS[route] !== 'admin')).toEqual([
    'POST /v1/hello',
    'POST /v1/credential',
    'POST /v1/join',
    'POST /api/v1/investigations',
    'POST /api/v1/investigations/:id/stop',
    'POST /api/v1/investigations/alerts',
    'DELETE /api/v1/investigations/:id',
    'POST /api/v1/views',
    'DELETE /api/v1/views/:id',
    'POST /api/v1/login',
    'POST /api/v1/logout',
    'POST /api/v1/me/password',
  ]);
});

test('a route without a right is not served', async () => {
  const app = fastify() as unknown as App;
  registerRights(app, new Gate({ ways: [], book: { all: function* () {} }, open: true }));
  expect(() => app.get('/api/v1/new', async () => 'x')).toThrow(/GET \/api\/v1\/new has no entry in ROUTE_RIGHTS/);
  expect(() => app.delete(API.overview, async () => 'x')).toThrow(/DELETE \/api\/v1\/overview has no entry/);
});

test('the token opens what needs it, from a file that only its owner reads', async () => {
  expect((await stat(tokenFile())).mode & 0o777).toBe(0o600);
  expect(await token()).toMatch(/^[0-9a-f]{64}$/);
  expect(await change({})).toMatchObject({ status: 403 });
  const { status, body } = await change(await bearer());
  expect(status).toBe(200);
  expect(body['tables']).toContainEqual(expect.objectContaining({ table: 'sample', days: 12 }));
});

test('the token stays over a restart; a file that others may read, or a link, gives way to a new one', async () => {
  const restart = async () => {
    await collector.stop();
    collector = await startCollector(directory.path);
  };
  const first = await token();
  await restart();
  expect(await token()).toBe(first);
  await chmod(tokenFile(), 0o644);
  await restart();
  const second = await token();
  expect(second).not.toBe(first);
  expect((await stat(tokenFile())).mode & 0o777).toBe(0o600);
  const foreign = join(directory.path, 'foreign');
  await writeFile(foreign, first, { mode: 0o600 });
  await rm(tokenFile());
  await symlink(foreign, tokenFile());
  await restart();
  expect(await token()).not.toBe(first);
  expect(await readFile(foreign, 'utf8')).toBe(first);
});

test('command lines are for operators; who is not reads why they are missing', async () => {
  const processes = [{ pid: 7, started_at_ms: Date.now() - 60_000, name: 'curl', command: 'curl --password hunter2', cgroup_id: '3' }];
  await postReport(collector.url, report({ processes }));
  await postBatch(
    collector.url,
    'retransmit',
    1,
    rowsOf('retransmit', 1, () => ({ pid: 7, connection_id: 9, time_ns: nowNs() })),
  );
  const path = API.connection.replace(':host_id', String(HOST)).replace(':connection_id', '9');
  const { body } = await until(
    () => ask(path),
    ({ status }) => status === 200,
  );
  expect(body).toMatchObject({
    command: '',
    command_withheld: expect.stringMatching(/shown to operators.*tcplens admin link/),
    comm: 'curl',
  });
  expect(JSON.stringify(body)).not.toContain('hunter2');
  expect((await ask(path, { headers: await bearer() })).body).toMatchObject({ command: 'curl --password hunter2' });
});

test('a link makes a browser the owner’s, once', async () => {
  const { body } = await ask(ADMIN_API.link, { method: 'POST', headers: await bearer() });
  const { path } = body as Link;
  const navigation = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  // Whoever only looks where it leads does not use it up.
  await ask(path, { method: 'HEAD' });
  const opened = await ask(path, { headers: navigation });
  expect(opened.status).toBe(303);
  expect(opened.cookie).toMatch(/; HttpOnly/);
  expect(opened.cookie).toMatch(/; SameSite=Strict/);
  expect(opened.cookie).not.toContain(await token());
  const [cookie = ''] = opened.cookie.split(';');
  expect(await change({ cookie: `a=b; ${cookie}` })).toMatchObject({ status: 200 });
  expect(await change({ cookie: `${cookie}0` })).toMatchObject({ status: 403 });
  expect(await change({ cookie, origin: 'http://127.0.0.1:9', 'sec-fetch-site': 'same-site' })).toMatchObject({ status: 403 });
  expect(await ask(path, { headers: navigation })).toMatchObject({ status: 403, body: { code: 'link_used' }, cookie: '' });
  expect(await ask('/open?key=00')).toMatchObject({ status: 403, body: { code: 'link_used' } });
  expect(await ask('/open')).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
});

test('a link is for a quarter of an hour, and the newest sixteen count', async () => {
  const owner = new Owner('t');
  const newKey = () => new URL(owner.newLink(0), 'http://x').searchParams.get('key') ?? '';
  const opens = async (key: string, now_ms: number) =>
    owner.open(key, now_ms, async () => 'opened').catch((error: unknown) => (error as { code: string }).code);
  expect(await opens(newKey(), 15 * 60_000)).toBe('link_used');
  const keys = Array.from({ length: 17 }, newKey);
  expect(await Promise.all(keys.map((key) => opens(key, 1)))).toEqual(['link_used', ...new Array(16).fill('opened')]);
});

test('a link that led to nothing, as while the store is away, can be opened again', async () => {
  const owner = new Owner('t');
  const key = new URL(owner.newLink(0), 'http://x').searchParams.get('key') ?? '';
  await expect(owner.open(key, 1, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await owner.open(key, 2, async () => 'opened')).toBe('opened');
});
