// Viewers that do not keep up, over real sockets: they miss messages, then they are closed; the others notice nothing.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { LiveMessage } from '../../../server/api.ts';
import { type ViewerOptions, Viewers } from '../../../server/live/viewers.ts';
import { until } from '../support/collector.ts';

const OPTIONS: ViewerOptions = { viewers_max: 3, buffered_bytes_max: 64 * 1024, slow_ms_max: 200, ping_ms: 60_000 };
const MESSAGE: LiveMessage = { type: 'trouble', reason: 'x'.repeat(256 * 1024) };

let server: WebSocketServer;
afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

async function viewersOf(options: Partial<ViewerOptions> = {}) {
  const counts = { sent: 0, skipped: 0, closedSlow: 0 };
  const viewers = new Viewers(
    { ...OPTIONS, ...options },
    {
      sent: (count) => {
        counts.sent += count;
      },
      skipped: (count) => {
        counts.skipped += count;
      },
      closedSlow: () => {
        counts.closedSlow++;
      },
    },
  );
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => viewers.add(socket, [{ type: 'hello', server_ms: 0, version: 'test' }]));
  await once(server, 'listening');
  const open = async () => {
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(client, 'message');
    return client;
  };
  return { viewers, counts, open };
}

test('a viewer that stops reading misses messages and is closed; the one beside it gets all of them', async () => {
  const { viewers, counts, open } = await viewersOf();
  const [deaf, good] = [await open(), await open()];
  let received = 0;
  good.on('message', () => received++);
  deaf.pause();
  let broadcasts = 0;
  await until(
    () => {
      viewers.broadcast(MESSAGE);
      broadcasts++;
      return counts.closedSlow;
    },
    (closed) => closed === 1,
  );
  expect(viewers.size).toBe(1);
  expect(counts.skipped).toBeGreaterThan(0);
  await until(
    () => received,
    (count) => count === broadcasts,
  );
  expect(counts.sent).toBeLessThan(2 * broadcasts);
});

test('a viewer that is gone without a word is found by its silence', async () => {
  const { viewers, open } = await viewersOf({ ping_ms: 50 });
  const [silent, good] = [await open(), await open()];
  silent.pause();
  await until(
    () => viewers.size,
    (size) => size === 1,
  );
  expect(good.readyState).toBe(WebSocket.OPEN);
});

test('there is room for so many', async () => {
  const { viewers, open } = await viewersOf();
  for (let count = 1; count <= OPTIONS.viewers_max; count++) {
    expect(viewers.full).toBe(false);
    await open();
  }
  expect(viewers.full).toBe(true);
  viewers.close();
  await until(
    () => viewers.size,
    (size) => size === 0,
  );
});
