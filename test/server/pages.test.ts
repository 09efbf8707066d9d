// What a collector serves of the page's files, and what comes compressed.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API } from '../../server/api.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from './support/collector.ts';
import { headOf, rawHttp } from './support/raw-http.ts';

let directory: TestDirectory;
let collector: TestCollector;

beforeAll(async () => {
  directory = await testDirectory();
  const dashboards = join(directory.path, 'dist');
  await mkdir(join(dashboards, 'assets'), { recursive: true });
  await writeFile(join(dashboards, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(dashboards, 'assets', 'index-abc123.js'), 'export {};');
  await writeFile(join(dashboards, 'assets', 'index-abc123.js.br'), brotliCompressSync('export {};'));
  collector = await startCollector(join(directory.path, 'data'), {}, dashboards);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

async function get(path: string, headers: Record<string, string>): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(collector.url + path, { headers });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

test.each([
  ['/', 'no-cache'],
  ['/connections/1/2?range=1h', 'no-cache'],
  ['/assets/index-abc123.js', 'public, max-age=31536000, immutable'],
])('the page: %s', async (path, cacheControl) => {
  const { status, headers, body } = await get(path, { accept: 'text/html' });
  expect({ status, cacheControl: headers.get('cache-control') }).toEqual({ status: 200, cacheControl });
  expect(body).toMatch(path.startsWith('/assets') ? 'export' : '<title>page</title>');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|upgrade-insecure-requests/);
});

test.each([
  ['an asset, as it was built', '/assets/index-abc123.js', 'br, gzip', 'br'],
  ['an asset that the browser wants plain', '/assets/index-abc123.js', 'identity', null],
  ['a large answer', API.openapi, 'br, gzip', 'br'],
  ['a large answer for an older tool', API.openapi, 'gzip', 'gzip'],
  ['a large answer for whoever takes no compression', API.openapi, 'identity', null],
  ['a small answer', '/healthz', 'br, gzip', null],
])('compressed on the wire: %s', async (_name, path, accepted, encoding) => {
  const { headers, body, status } = await get(path, { 'accept-encoding': accepted });
  expect([status, headers.get('content-encoding')]).toEqual([200, encoding]);
  expect(body).toEqual((await get(path, { 'accept-encoding': 'identity' })).body);
  if (encoding !== null) expect(headers.get('vary')).toMatch(/accept-encoding/i);
});

test('nothing outside the page’s directory is served', async () => {
  const { ended } = rawHttp(collector.url, headOf(collector.url, 'GET /../data/lock.pid', { connection: 'close' }));
  expect(await ended).toMatch(/^HTTP\/1\.1 4\d\d /);
});
