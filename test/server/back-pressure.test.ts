// More than the collector has memory for: it says when to come back instead of taking it.
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headersOf, postBatch, rowsOf } from './support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from './support/collector.ts';

const MIB = 1024 * 1024;

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path, { inFlightMax: '4' });
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

/** Announces a body of 1 MiB and does not send it: 2 MiB are reserved for it. */
async function hold(sequence: number): Promise<ClientRequest> {
  const held = request(`${collector.url}/v1/rows`, {
    method: 'POST',
    headers: { ...headersOf('sample', sequence), 'content-length': MIB },
  });
  held.on('error', () => undefined);
  held.write('begin');
  await once(held, 'socket');
  return held;
}

async function bytesInFlight(): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(/^tcplens_collector_in_flight\S* (\d+)$/m.exec(text)?.[1]);
}

test('beyond the limit a batch gets 429 and a time to wait; when others have gone, it is taken', async () => {
  const held = [await hold(1), await hold(2)];
  expect(await until(bytesInFlight, (bytes) => bytes >= 4 * MIB)).toBe(4 * MIB);
  const rows = rowsOf('sample', 3);
  const refused = await postBatch(collector.url, 'sample', 3, rows);
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_bytes_in_flight' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  for (const one of held) one.destroy();
  await until(bytesInFlight, (bytes) => bytes === 0);
  expect(await postBatch(collector.url, 'sample', 3, rows)).toMatchObject({ status: 200, body: { rows: 3, duplicate: false } });
  expect(await bytesInFlight()).toBe(0);
});
