// A collector that is asked to end ends: nobody who is slow, or does not read, makes it wait.
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { API } from '../../../server/api.ts';
import { headersOf } from '../support/agent.ts';
import { newCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { headOf, rawHttp } from '../support/raw-http.ts';

let directory: TestDirectory;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(() => directory.remove());

/** Less than a client may take for a body (15 s), a request or a page’s answer (30 s). */
const STEP_MS = 14_000;

const held: [string, (url: string) => Promise<unknown>][] = [
  ['a connection that asks for nothing', (url) => once(rawHttp(url, '').socket, 'connect')],
  ['half a request', (url) => once(rawHttp(url, 'GET /healthz HT').socket, 'connect')],
  ['a batch that does not come', (url) => begin(url, headOf(url, 'POST /v1/rows', { ...headersOf('sample', 1), 'content-length': 5000 }))],
  [
    'a report that does not come',
    (url) => begin(url, headOf(url, 'POST /v1/report', { 'content-type': 'application/json', 'content-length': 5000 })),
  ],
  ['a page that does not read', follow],
];

/** Resolves when the collector has begun to read it. */
async function begin(url: string, head: string): Promise<void> {
  rawHttp(url, `${head}x`);
  await until(
    async () => (await fetch(`${url}/metrics`)).text(),
    (text) => /^tcplens_collector_in_flight\S* [1-9]/m.test(text),
  );
}

async function follow(url: string): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws') + API.live);
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.pause();
}

test.each(held)('%s', async (_, hold) => {
  const collector = newCollector(directory.path);
  const url = await collector.start();
  await collector.fill();
  await hold(url);
  expect(await collector.stop(STEP_MS)).toBe(true);
});
