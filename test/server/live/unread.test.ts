// 500 pages that open the live feed and read nothing of it: most are turned away, and nobody else notices.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { API, type LiveMessage } from '../../../server/api.ts';
import { LIMITS } from '../../../server/limits.ts';
import { postBatch, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';

const COMING = 500;
const AT_ONCE = 25;
const ROWS = 200;
let directory: TestDirectory;
let collector: TestCollector;
const sockets: Socket[] = [];
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await collector.stop();
  await directory.remove();
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(new RegExp(`^tcplens_collector_${name}(?:\\{\\S*)? (\\d+)$`, 'm').exec(text)?.[1]);
}

/** Asks for the feed as a browser or a tool, and reads the beginning of the answer: the status, and the body of a refusal. Nothing after it. */
async function comeAndNotRead(at: number): Promise<{ status: number; said: string }> {
  const { hostname, port, host } = new URL(collector.url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  sockets.push(socket);
  const site = at % 2 === 0 ? 'Sec-Fetch-Site: same-origin\r\n' : '';
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  socket.write(`GET ${API.live} HTTP/1.1\r\nHost: ${host}\r\n${site}${upgrade}\r\n`);
  let said = '';
  while (!said.includes('\r\n\r\n') || (said.includes('content-length: ') && !said.endsWith('}'))) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    said += bytes.toString('latin1');
  }
  socket.pause();
  return { status: Number(said.slice(9, 12)), said };
}

test('those over the limit hear why, batches are acknowledged, and one who reads goes on to hear of each', async () => {
  const heard = { ticks: 0, rows: 0 };
  const reader = new WebSocket(collector.url.replace('http', 'ws') + API.live);
  reader.on('message', (text) => {
    const message = JSON.parse(String(text)) as LiveMessage;
    if (message.type === 'tick') heard.ticks++;
    if (message.type === 'retransmits') heard.rows += message.rows.length + message.skipped;
  });
  await once(reader, 'open');
  const before = process.memoryUsage().rss;
  const answers: Awaited<ReturnType<typeof comeAndNotRead>>[] = [];
  // Not all at once: they and the reader share this process, and a reader that cannot answer for a second loses its seat.
  for (let at = 0; at < COMING; at += AT_ONCE)
    answers.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, more) => comeAndNotRead(at + more)))));
  const refused = answers.filter(({ status }) => status !== 101);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  for (const { said } of refused) expect(said).toMatch(/retry-after: 1\r\n.*"too_many_viewers".*too many pages follow the live feed/is);
  // One that is silent for a second gives its seat to another: more than there are seats may have had one.
  expect(refused.length).toBeGreaterThan(0);
  expect(await metric('live_viewers')).toBeLessThanOrEqual(LIMITS.viewers.number);
  const { ticks } = heard;
  let sequence = 0;
  await until(
    async () => {
      expect(await postBatch(collector.url, 'retransmit', ++sequence, rowsOf('retransmit', ROWS))).toMatchObject({ status: 200 });
      return heard;
    },
    (now) => now.ticks >= ticks + 3,
  );
  await until(
    () => heard.rows,
    (rows) => rows === sequence * ROWS,
  );
  expect(reader.readyState).toBe(WebSocket.OPEN);
  expect(await metric('live_viewers')).toBeLessThanOrEqual(LIMITS.viewers.number);
  const grown = Math.round((process.memoryUsage().rss - before) / 1024 ** 2);
  console.log(`${COMING} came, ${refused.length} were refused; ${sequence} batches meanwhile; this process has grown by ${grown} MiB`);
  reader.close();
});
