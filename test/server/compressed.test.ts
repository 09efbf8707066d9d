// What goes over the wire in fewer bytes: the page as it was built, and large answers.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PEOPLE_API } from '../../server/api/people.ts';
import { API } from '../../server/api.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from './support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  const assets = join(directory.path, 'dist', 'assets');
  await mkdir(assets, { recursive: true });
  await writeFile(join(directory.path, 'dist', 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(assets, 'index-abc123.js'), 'export {};');
  await writeFile(join(assets, 'index-abc123.js.br'), brotliCompressSync('export {};'));
  collector = await startCollector(join(directory.path, 'data'), {}, join(directory.path, 'dist'));
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

async function get(path: string, accepted: string) {
  const response = await fetch(collector.url + path, { headers: { 'accept-encoding': accepted } });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

test.each([
  ['an asset, as it was built', '/assets/index-abc123.js', 'br, gzip', 'br'],
  ['an asset that the browser wants plain', '/assets/index-abc123.js', 'identity', null],
  ['a large answer', API.openapi, 'br, gzip', 'br'],
  ['a large answer for an older tool', API.openapi, 'gzip', 'gzip'],
  ['a large answer for whoever takes no compression', API.openapi, 'identity', null],
  ['a small answer', '/healthz', 'br, gzip', null],
])('compressed on the wire: %s', async (_name, path, accepted, encoding) => {
  const { headers, body, status } = await get(path, accepted);
  expect([status, headers.get('content-encoding')]).toEqual([200, encoding]);
  expect(body).toEqual((await get(path, 'identity')).body);
  if (encoding !== null) expect(headers.get('vary')).toMatch(/accept-encoding/i);
});

test('what a request says is compressed is not unpacked before its length is known', async () => {
  const body = gzipSync(Buffer.alloc(1 << 20, ' '));
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
  const answer = await fetch(collector.url + PEOPLE_API.login, { method: 'POST', headers, body });
  expect(answer.status).toBe(400);
});
