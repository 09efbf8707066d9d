// The live feed against a real WebSocket server that comes and goes. Node has the browser's WebSocket; of its window only the event
// that the network is back is wanted.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { Feed, type FeedState } from '../../dashboards/feed.ts';
import { retryDelay } from '../../dashboards/retry-delay.ts';
import { freePort } from '../support/free-port.ts';

/** What a busy machine takes its time for. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 200_000 });

const HELLO = { type: 'hello', server_ms: 1, version: '1' } as const;

let server: WebSocketServer;
let port = 0;
let phases: FeedState['phase'][] = [];
let messages: unknown[] = [];
let feed: Feed;

async function listen(at: number): Promise<void> {
  server = new WebSocketServer({ host: '127.0.0.1', port: at });
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}

async function end(): Promise<void> {
  for (const socket of server.clients) socket.terminate();
  server.close();
  await once(server, 'close');
}

const connected = async (): Promise<ServerSocket> => ((await once(server, 'connection')) as [ServerSocket])[0];

beforeEach(async () => {
  vi.stubGlobal('window', new EventTarget());
  [phases, messages] = [[], []];
  // It comes back to its port: nobody else may be given that meanwhile.
  await listen(await freePort());
  feed = new Feed({
    url: `ws://127.0.0.1:${port}`,
    onMessage: (message) => messages.push(message),
    onState: ({ phase }) => phases.push(phase),
  });
});

afterEach(async () => {
  feed.stop();
  await end();
  vi.unstubAllGlobals();
});

describe('the feed', () => {
  test('is connected once something came, not when the connection is open: a proxy may have nothing behind it', async () => {
    const connecting = connected();
    feed.start();
    const socket = await connecting;
    // The answer to a ping comes after the upgrade was handled.
    const answered = once(socket, 'pong');
    socket.ping();
    await answered;
    expect(phases).toEqual(['connecting']);
    socket.send(JSON.stringify(HELLO));
    await eventually(() => messages).toEqual([HELLO]);
    expect(phases).toEqual(['connecting', 'connected']);
  });

  test('comes back by itself, tells once that it was away, and begins again with the shortest wait', async () => {
    const first = connected();
    feed.start();
    (await first).send(JSON.stringify(HELLO));
    await eventually(() => phases).toEqual(['connecting', 'connected']);
    const { port: at } = server.address() as AddressInfo;
    const delays = vi.spyOn(globalThis, 'setTimeout');
    const waits = () => delays.mock.calls.map(([, ms]) => ms ?? 0).filter((ms) => ms >= 250);
    await end();
    await eventually(() => waits().length).toBeGreaterThanOrEqual(3);
    await listen(at);
    (await connected()).send(JSON.stringify(HELLO));
    await eventually(() => messages).toHaveLength(2);
    expect(phases).toEqual(['connecting', 'connected', 'disconnected', 'connected']);
    // Half of the doubled time at least, all of it at most.
    for (const [attempt, ms] of waits().entries()) {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** attempt);
      expect(ms).toBeLessThanOrEqual(500 * 2 ** attempt);
    }
    delays.mockClear();
    for (const socket of server.clients) socket.terminate();
    await eventually(() => waits().length).toBe(1);
    expect(waits()[0]).toBeLessThanOrEqual(500);
    delays.mockRestore();
  });

  test('does not wait where the network is back', async () => {
    await end();
    feed.start();
    await eventually(() => phases).toEqual(['connecting', 'disconnected']);
    await listen(port);
    const connecting = connected();
    window.dispatchEvent(new Event('online'));
    (await connecting).send(JSON.stringify(HELLO));
    await eventually(() => phases.at(-1)).toBe('connected');
  });

  test('stays away once it was stopped', async () => {
    const connecting = connected();
    feed.start();
    const socket = await connecting;
    const closed = once(socket, 'close');
    const delays = vi.spyOn(globalThis, 'setTimeout');
    feed.stop();
    await closed;
    // The client hears of the end before a later connection of its own machine is accepted.
    const other = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(server, 'connection');
    other.close();
    expect(phases).toEqual(['connecting']);
    expect(delays.mock.calls.filter(([, ms = 0]) => ms >= 250)).toEqual([]);
    delays.mockRestore();
  });
});

test('viewers that were sent away together do not come back together, nor ever later than after ten seconds', () => {
  expect([0, 0.5, 1].map((random) => retryDelay(0, random))).toEqual([250, 375, 500]);
  expect([0, 0.5, 1].map((random) => retryDelay(3, random))).toEqual([2000, 3000, 4000]);
  expect([0, 0.5, 1].map((random) => retryDelay(100, random))).toEqual([5000, 7500, 10_000]);
});
