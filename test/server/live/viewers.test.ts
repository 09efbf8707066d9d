// Viewers that do not keep up, over real sockets: they miss messages, then they are closed; the others notice nothing.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import type { LiveMessage } from '../../../server/api.ts';
import { type ViewerOptions, Viewers } from '../../../server/live/viewers.ts';
import { until } from '../support/collector.ts';

const OPTIONS: ViewerOptions = {
  viewers_max: 3,
  peer_max: 2,
  buffered_bytes_max: 64 * 1024,
  slow_ms_max: 200,
  ping_ms: 600_000,
  silent_ms: 600_000,
};
const MESSAGE: LiveMessage = { type: 'trouble', reason: 'x'.repeat(256 * 1024) };

let server: WebSocketServer;
afterEach(() => {
  vi.useRealTimers();
  for (const client of server.clients) client.terminate();
  server.close();
});

async function viewersOf(options: Partial<ViewerOptions> = {}) {
  const counts = { sent: 0, skipped: 0, closedSlow: 0, closedSilent: 0, closedRefused: 0 };
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
      closedSilent: () => {
        counts.closedSilent++;
      },
      closedRefused: () => {
        counts.closedRefused++;
      },
    },
  );
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket, { url = '' }) =>
    viewers.add(socket, { peer: url, mayLook: async () => true }, [{ type: 'hello', server_ms: 0, version: 'test' }]),
  );
  await once(server, 'listening');
  const open = async (peer = '/a', options: ClientOptions = {}) => {
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${peer}`, options);
    await once(client, 'message');
    return client;
  };
  return { viewers, counts, open };
}

/** Resolves when the server has read whatever this page had to answer: what came before the first answer, it has answered before the second question. */
async function hasAnswered(page: WebSocket): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const answer = once(page, 'pong');
    page.ping();
    await answer;
  }
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
      // The good one has as long as it takes.
      if (received === broadcasts) {
        viewers.broadcast(MESSAGE);
        broadcasts++;
      }
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
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { viewers, open } = await viewersOf({ ping_ms: 50 });
  const [silent, good] = [await open(), await open()];
  silent.pause();
  await until(
    async () => {
      await hasAnswered(good);
      vi.advanceTimersByTime(50);
      return viewers.size;
    },
    (size) => size === 1,
  );
  expect(good.readyState).toBe(WebSocket.OPEN);
});

/** A page that never answers a ping. */
const SILENT: ClientOptions = { autoPong: false };

test('there is room for so many, and for so many of a peer', async () => {
  const { viewers, open } = await viewersOf();
  for (let count = 0; count < OPTIONS.peer_max; count++) {
    expect(viewers.admit('/a')).toBe(true);
    await open('/a');
  }
  expect(viewers.admit('/a')).toBe(false);
  expect(viewers.admit('/b')).toBe(true);
  await open('/b');
  expect(viewers.admit('/c')).toBe(false);
  viewers.close();
  await until(
    () => viewers.size,
    (size) => size === 0,
  );
});

test('one that comes where there is no seat gets that of one that does not answer, of its own peer if that has too many', async () => {
  const { viewers, counts, open } = await viewersOf({ silent_ms: 0 });
  const [silent, good, other] = [await open('/a', SILENT), await open('/a'), await open('/b', SILENT)];
  const gone = once(silent, 'close');
  // Of its peer the good one alone is left then, whoever comes.
  await hasAnswered(good);
  await until(
    () => viewers.admit('/a'),
    () => counts.closedSilent === 1,
  );
  await gone;
  const third = await open('/a');
  expect([good, other, third].map(({ readyState }) => readyState)).toEqual(Array(3).fill(WebSocket.OPEN));
  await hasAnswered(third);
  const away = once(other, 'close');
  await until(
    () => viewers.admit('/c'),
    () => counts.closedSilent === 2,
  );
  await away;
  expect([good, third].map(({ readyState }) => readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
});

test('two that come for one seat do not both get it', async () => {
  const { viewers, open } = await viewersOf();
  await open('/a');
  await open('/a');
  // Past the look at the seats, as an upgrade that was under way then.
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/a`);
  expect((await once(client, 'close'))[0]).toBe(1013);
  expect(viewers.size).toBe(2);
});
