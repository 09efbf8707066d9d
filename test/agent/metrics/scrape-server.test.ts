// Who scrapes an agent, however many and however badly: it renders once a second, keeps few connections, and tells no foreign page.
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CONNECTIONS_MAX, isScraperOf, serveMetrics } from '../../../agent/metrics/scrape-server.ts';
import { waitFor } from '../../support/wait.ts';
import { until } from '../until.ts';

const TEXT = 'tcplens_agent_rows_total 7\n';
let rendered = 0;
let server: Awaited<ReturnType<typeof serveMetrics>>;
async function serve(render: () => Promise<string> = async () => TEXT): Promise<number> {
  rendered = 0;
  server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => {
    rendered++;
    return render();
  });
  return (server.address() as AddressInfo).port;
}
afterEach(() => server.close().closeAllConnections());

async function get(port: number, headers: Record<string, string> = {}, path = '/metrics', method = 'GET') {
  const asked = request({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
  const [answer] = await once(asked, 'response');
  return { status: answer.statusCode as number, text: Buffer.concat(await answer.toArray()).toString(), headers: answer.headers };
}

test.each([
  { host: '127.0.0.1', status: 200 },
  { host: 'localhost:8601', status: 200 },
  { host: '[::1]:8601', status: 200 },
  { host: 'rebound.example', status: 403 },
  { host: 'rebound.example:8601', status: 403 },
  { host: '127.0.0.1.rebound.example', status: 403 },
  { host: '192.0.2.1:8601', status: 403 },
])('Host "$host": $status', async ({ host, status }) => {
  const answer = await get(await serve(), { host });
  expect(answer.status).toBe(status);
  expect(answer.text === TEXT).toBe(status === 200);
  expect(rendered).toBe(status === 200 ? 1 : 0);
});

test.each([
  { header: '192.0.2.1:8601', may: true },
  { header: '[2001:db8::1]:8601', may: true },
  { header: 'localhost', may: true },
  { header: 'here:8601', may: true },
  { header: 'rebound.example:8601', may: false },
  { header: undefined, may: false },
])('bound to all addresses, "$header": $may', ({ header, may }) => {
  expect(isScraperOf('0.0.0.0', 'here', header)).toBe(may);
});

test('another path, another method', async () => {
  const port = await serve();
  expect((await get(port, {}, '/')).status).toBe(404);
  expect((await get(port, {}, '/metrics', 'POST')).status).toBe(405);
  expect((await get(port, {}, '/metrics?x=1')).headers['content-type']).toContain('text/plain');
});

test('48 scrapers that never rest cost one rendering a second', async () => {
  const port = await serve();
  const began = performance.now();
  let answers = 0;
  const scrapers = Array.from({ length: 48 }, async () => {
    for (let scrape = 0; scrape < 5; scrape++) {
      // Those that find no room come back, as Prometheus does.
      const answer = await get(port).catch(() => undefined);
      if (answer?.text === TEXT) answers++;
    }
  });
  await Promise.all(scrapers);
  expect(answers).toBeGreaterThan(0);
  expect(rendered).toBeLessThanOrEqual(1 + Math.floor((performance.now() - began) / 1000));
});

test('3 000 sockets that say nothing: few are kept, and a scraper gets its answer', async () => {
  const port = await serve();
  const sockets: Socket[] = [];
  for (let count = 0; count < 3000; count++) {
    const socket = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    sockets.push(socket);
    if (count % 100 === 99) await once(socket, 'connect').catch(() => undefined);
  }
  // Those that are still on their way would take the scraper's place.
  await until('all but a few are closed', () => sockets.filter(({ readyState }) => readyState !== 'closed').length <= CONNECTIONS_MAX);
  expect((await get(port)).text).toBe(TEXT);
  // The others go too, without anybody's coming.
  await until('all are closed', () => sockets.every(({ readyState }) => readyState !== 'open'));
});

test('one that asks and does not read is hung up on', async () => {
  const port = await serve(async () => 'x'.repeat(64 * 1024 * 1024));
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n')).pause();
  await waitFor('its connection', connections, (count) => count === 1, 5);
  await waitFor('the end of its connection', connections, (count) => count === 0, 25);
  socket.destroy();
});

async function connections(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  server.getConnections((_, count) => resolve(count));
  return promise;
}

test('a rendering that fails is an answer that says so', async () => {
  const port = await serve(async () => {
    throw new Error('broken');
  });
  expect(await get(port)).toMatchObject({ status: 500, text: expect.stringContaining('broken') });
});
