// The live feed as a browser sees it: real WebSockets to a real collector.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { API, type LiveMessage } from '../../server/api.ts';
import { type Answer, postBatch, postReport, report, rowsOf } from './support/agent.ts';
import { startCollector, TEST_VERSION, type TestCollector, type TestDirectory, testDirectory, until } from './support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
let sequence = 0;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
  await postReport(collector.url, report());
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

type Viewer = {
  socket: WebSocket;
  messages: { at_ms: number; message: LiveMessage }[];
  of: <Type extends LiveMessage['type']>(type: Type) => Extract<LiveMessage, { type: Type }>[];
};

function view(headers: Record<string, string> = {}): Viewer {
  const socket = new WebSocket(collector.url.replace('http', 'ws') + API.live, { headers });
  const messages: Viewer['messages'] = [];
  socket.on('message', (text: Buffer) => messages.push({ at_ms: Date.now(), message: JSON.parse(text.toString()) as LiveMessage }));
  const of: Viewer['of'] = (type) =>
    messages
      .map(({ message }) => message)
      .filter((message): message is Extract<LiveMessage, { type: typeof type }> => message.type === type);
  return { socket, messages, of };
}

async function close({ socket }: Viewer): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

function send(rows: number, each: Parameters<typeof rowsOf>[2] = () => ({})): Promise<Answer> {
  return postBatch(collector.url, 'retransmit', ++sequence, rowsOf('retransmit', rows, each));
}

test('hello first, then a tick without waiting for rows, then one as time goes by', async () => {
  const viewer = view();
  await until(
    () => viewer.of('tick').length,
    (count) => count >= 2,
  );
  expect(viewer.messages[0]?.message).toMatchObject({ type: 'hello', version: TEST_VERSION });
  const [first, second] = viewer.of('tick');
  expect(first?.overview.to_ms).toBeLessThan(second?.overview.to_ms ?? 0);
  expect(first).toMatchObject({ overview: { source: 'rows' }, edges: { total: expect.any(Number) } });
  await close(viewer);
});

test('a retransmission is shown decoded, with the name of its host, before the store has it', async () => {
  const viewer = view();
  await once(viewer.socket, 'open');
  const acknowledged = await send(2, (index) => ({ class: 3, segments: index + 1, peer_port: 443, comm: 'nginx' }));
  expect(acknowledged.status).toBe(200);
  await until(
    () => viewer.of('retransmits').length,
    (count) => count > 0,
  );
  expect(viewer.of('retransmits')[0]).toMatchObject({
    skipped: 0,
    rows: [
      { segments: 1, class: 'rto', host: 'web-1', comm: 'nginx', peer_addr: '10.0.0.2', peer_port: 443 },
      { segments: 2, class: 'rto', host: 'web-1' },
    ],
  });
  // And after the insert the tick counts it.
  await until(
    () =>
      viewer
        .of('tick')
        .at(-1)
        ?.edges.edges.some(({ comm }) => comm === 'nginx'),
    (seen) => seen === true,
  );
  await close(viewer);
});

test('a flood is cut to the newest rows, ten times a second, and what is left out is counted', async () => {
  const viewer = view();
  await once(viewer.socket, 'open');
  const began_ms = Date.now();
  const rows = 500;
  for (let round = 0; round < 20; round++) await send(rows, (index) => ({ connection_id: round * rows + index + 1 }));
  const count = () => viewer.of('retransmits').reduce((sum, message) => sum + message.rows.length + message.skipped, 0);
  await until(count, (seen) => seen === 20 * rows);
  const pushes = viewer.messages.filter(({ message }) => message.type === 'retransmits');
  expect(pushes.length).toBeLessThanOrEqual(Math.ceil((Date.now() - began_ms) / 100) + 1);
  for (const message of viewer.of('retransmits')) expect(message.rows.length).toBeLessThanOrEqual(200);
  expect(viewer.of('retransmits').at(-1)?.rows.at(-1)?.connection_id).toBe(String(20 * rows));
  await close(viewer);
});

test('all viewers get the same tick, at most once a second', async () => {
  const viewers = [view(), view(), view()];
  // A busy machine computes a tick slowly: the rows go on until each viewer has had three.
  while (viewers.some((viewer) => viewer.of('tick').length < 3)) {
    await send(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const times = viewers.map((viewer) => viewer.of('tick').map(({ server_ms }) => server_ms));
  // Since the last of them was there, as far as each has heard by now: they need not have come within one second.
  const since_ms = Math.max(...times.map((each) => each[0] ?? Number.NaN));
  const heard_ms = Math.min(...times.map((each) => each.at(-1) ?? Number.NaN));
  const common = times.map((each) => each.filter((server_ms) => server_ms > since_ms && server_ms <= heard_ms));
  expect(common[0]?.length).toBeGreaterThan(0);
  for (const each of common) expect(each).toEqual(common[0]);
  for (const each of times) {
    each.slice(1).forEach((server_ms, index) => {
      expect(server_ms - (each[index] ?? 0)).toBeGreaterThanOrEqual(990);
    });
  }
  await Promise.all(viewers.map(close));
});

test.each([
  ['another site', { origin: 'https://evil.example' }, 403, 'origin_forbidden'],
  ['the same host on another port', { origin: 'http://127.0.0.1:1' }, 403, 'origin_forbidden'],
  ['no site at all', { origin: 'null' }, 403, 'origin_forbidden'],
  ['a name that resolves to this machine', { host: 'rebound.example' }, 403, 'host_forbidden'],
])('a page of %s is refused before the upgrade', async (_name, headers, status, code) => {
  const { socket } = view(headers);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream & { statusCode: number }];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  expect({ status: response.statusCode, ...(JSON.parse(text) as object) }).toMatchObject({ status, code });
});

test('the page’s own origin is let in', async () => {
  const viewer = view({ origin: collector.url });
  await until(
    () => viewer.of('hello').length,
    (count) => count === 1,
  );
  await close(viewer);
});

test('a viewer that says too much is closed, one that reads nothing delays nobody', async () => {
  const loud = view();
  await once(loud.socket, 'open');
  const closed = once(loud.socket, 'close');
  loud.socket.send('x'.repeat(2000));
  expect((await closed)[0]).toBe(1009);

  const deaf = await openDeaf();
  const viewer = view();
  await once(viewer.socket, 'open');
  for (let round = 0; round < 5; round++) await send(200);
  await until(
    () => viewer.of('retransmits').reduce((sum, { rows, skipped }) => sum + rows.length + skipped, 0),
    (count) => count === 1000,
  );
  deaf.destroy();
  await close(viewer);
});

/** Upgrades and never reads again. */
async function openDeaf(): Promise<Socket> {
  const { hostname, port, host } = new URL(collector.url);
  const socket = connect(Number(port), hostname);
  const lines = [
    `GET ${API.live} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}
