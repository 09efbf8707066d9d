// Pages of other sites in a browser on this machine: what they can make it ask is refused, and costs nobody who may ask anything.
import { Agent, request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { API } from '../../../server/api.ts';
import { postBatch, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { headOf, problemOf, rawHttp, statusOf } from '../support/raw-http.ts';

let directory: TestDirectory;
let collector: TestCollector;
const agent = new Agent({ keepAlive: true, maxSockets: 20 });
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  agent.destroy();
  await collector.stop();
  await directory.remove();
});

type Headers = Record<string, string>;

/** As a browser sends it: fetch() of Node has ideas of its own about these headers. */
async function ask(method: string, path: string, headers: Headers): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  request(collector.url + path, { method, headers, agent }, async (response) => {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    resolve({ status: response.statusCode ?? 0, text });
  })
    .on('error', reject)
    .end();
  return promise;
}

const upgrade: Headers = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const noCors: Headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
const link: Headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' };

const foreign: [string, Headers][] = [
  ['an image of another site', noCors],
  ['a script of another port of this machine', { ...noCors, 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'script' }],
  ['a request that names another origin', { origin: 'https://evil.example' }],
  ['a request of no origin', { origin: 'null' }],
  ['a frame on another site', { ...link, 'sec-fetch-dest': 'iframe' }],
  ['a form that another site sends off', { ...link, origin: 'https://evil.example' }],
];
const routes: [string, string][] = [
  ['GET', '/'],
  ['GET', '/assets/index.js'],
  ['GET', API.health],
  ['GET', API.openapi],
  ['GET', '/metrics'],
  ['GET', '/readyz'],
  ['GET', '/healthz'],
  ['GET', '/nothing'],
  ['OPTIONS', API.hosts],
  ['HEAD', API.hosts],
  ['POST', '/v1/rows'],
  ['GET', '/v1/rows'],
  ['POST', '/v1/report'],
  ['POST', '/v1/layouts'],
  ['POST', ADMIN_API.retention],
];

test.each(foreign)('%s is refused on every route', async (_name, headers) => {
  const answers = await Promise.all(routes.map(([method, path]) => ask(method, path, headers)));
  expect(answers.map(({ status }) => status)).toEqual(routes.map(() => 403));
  const [{ text } = { text: '' }] = answers;
  expect(JSON.parse(text)).toEqual({ code: 'origin_forbidden', message: expect.stringContaining('at its own address') });
  const live = await rawHttp(collector.url, headOf(collector.url, `GET ${API.live}`, { ...upgrade, ...headers })).ended;
  expect(statusOf(live)).toBe(403);
  expect(problemOf(live)).toMatchObject({ code: 'origin_forbidden' });
});

test.each<[string, string, Headers]>([
  ['a link from elsewhere opens the page', '/', link],
  ['a link of another port of this machine opens the page', '/', { ...link, 'sec-fetch-site': 'same-site' }],
  ['an address that was typed opens the page', '/', { ...link, 'sec-fetch-site': 'none' }],
  ['an address that was typed opens the API', API.health, { ...link, 'sec-fetch-site': 'none' }],
  ['the page asks', API.health, { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
  ['a tool asks', API.health, {}],
])('%s', async (_name, path, headers) => {
  expect((await ask('GET', path, headers)).status).toBe(200);
});

test('a link from elsewhere opens nothing but the page', async () => {
  for (const path of [API.health, '/metrics', '/readyz', '/v1/rows', '/assets/index.js'])
    expect((await ask('GET', path, link)).status).toBe(403);
});

test('after 1300 requests that another site’s page sent off, page, API and agents are answered', async () => {
  const sent = await Promise.all(Array.from({ length: 1300 }, () => ask('GET', API.health, noCors)));
  expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([403]));
  for (const path of ['/', API.health, API.hosts]) {
    expect((await ask('GET', path, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await ask('GET', path, {})).status).toBe(200);
  }
  expect((await postBatch(collector.url, 'sample', 1, rowsOf('sample', 3))).status).toBe(200);
});

test('a script that asks too often takes nothing from the page, nor from agents', async () => {
  // The clock stands still: however slow the machine, all of them come within the minute that is counted.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  // Each is counted and costs next to nothing, since it is refused.
  const sent = await Promise.all(Array.from({ length: 1300 }, () => ask('GET', `${API.overview}?colour=red`, {})));
  vi.useRealTimers();
  expect(sent.map(({ status }) => status)).toContain(429);
  expect((await ask('GET', API.health, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  expect((await postBatch(collector.url, 'sample', 2, rowsOf('sample', 3))).status).toBe(200);
});
