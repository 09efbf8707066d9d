// Whoever floods the collector is slowed and named, and nobody else waits for it.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import { API } from '../../../server/api.ts';
import { LIMITS } from '../../../server/limits.ts';
import { postReport, report } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, batchOf } from '../support/enrolled.ts';

let directory: TestDirectory;
let collector: TestCollector;
const sockets: Socket[] = [];
beforeEach(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await collector.stop();
  await directory.remove();
});

const [FLOODING, HONEST] = ['00000000000000f1', '00000000000000a1'];
const send = (host: string, sequence: number) => {
  const { headers, body } = batchOf(host, 'sample', sequence);
  return ask(collector.url + ROWS_PATH, { headers, body });
};

test('a host that asks without end is told when to come back, and named; another one is answered', async () => {
  await postReport(collector.url, report({ host_id: FLOODING, host: { name: 'web-7', machine: 'x', kernel: 'y', agent_version: 'z' } }));
  // The clock stands still: however slow the machine, all of them come within the ten seconds that are counted.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  let refused: Awaited<ReturnType<typeof ask>> | undefined;
  for (let asked = 0; refused === undefined && asked <= LIMITS.agent_requests.number; asked += 50) {
    const some = Array.from({ length: 50 }, () =>
      ask(collector.url + ROWS_PATH, { headers: { 'tcplens-host-id': FLOODING }, body: Buffer.from('x') }),
    );
    refused = (await Promise.all(some)).find(({ status }) => status === 429);
  }
  vi.useRealTimers();
  expect(refused).toMatchObject({ body: { code: 'too_many_requests' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
  expect(await send(HONEST, 1)).toMatchObject({ status: 200 });
  const { body } = await until(
    () => ask(collector.url + API.health),
    (seen) => JSON.stringify(seen.body).includes('hosts_flooding'),
  );
  expect(JSON.stringify(body)).toContain('had to wait: web-7.');
});

async function idle(count: number): Promise<Socket[]> {
  const { port } = new URL(collector.url);
  const opened = Array.from({ length: count }, () => connect(Number(port), '127.0.0.1').on('error', () => undefined));
  sockets.push(...opened);
  await Promise.all(opened.map((socket) => once(socket, 'connect')));
  return opened;
}

test('beside 2 000 connections that ask for nothing, batches are acknowledged', async () => {
  await idle(2000);
  for (let sequence = 1; sequence <= 20; sequence++) expect(await send(HONEST, sequence)).toMatchObject({ status: 200 });
});

test('an address has no more connections than it may: those beyond are closed, and closed ones make room', async () => {
  const most = LIMITS.connections.number;
  const opened = await idle(most);
  const one = connect(Number(new URL(collector.url).port), '127.0.0.1').on('error', () => undefined);
  await once(one, 'close');
  expect(opened.filter((socket) => socket.destroyed).length).toBe(0);
  for (const socket of opened.slice(0, 10)) socket.destroy();
  await until(
    () => send(HONEST, 1).catch(() => ({ status: 0 })),
    ({ status }) => status === 200,
  );
});
