// Everybody's seats taken by pages that never answer: whoever has a real one open gets in all the same.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { API } from '../../../server/api.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const live = () => collector.url.replace('http', 'ws') + API.live;
const browser = { 'sec-fetch-site': 'same-origin' };

async function viewers(): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(/^tcplens_collector_live_viewers(?:\{\S*)? (\d+)$/m.exec(text)?.[1]);
}

/** Undefined where it was not let in. */
async function tryToOpen(): Promise<WebSocket | undefined> {
  const socket = new WebSocket(live(), { headers: browser });
  return new Promise((resolve) => {
    socket.on('message', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

test('100 silent viewers do not keep out one that answers', async () => {
  const silent = ['browser', 'tool'].flatMap((who) =>
    Array.from({ length: 50 }, () => new WebSocket(live(), { autoPong: false, headers: who === 'browser' ? browser : {} })),
  );
  await Promise.all(silent.map((socket) => once(socket, 'open')));
  expect(await viewers()).toBe(100);
  const good = await until(tryToOpen, (socket) => socket !== undefined);
  // All of the silent ones go in the end, by themselves.
  await until(viewers, (count) => count === 1);
  expect(good?.readyState).toBe(WebSocket.OPEN);
  good?.close();
  await until(viewers, (count) => count === 0);
});
