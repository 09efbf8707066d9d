// More than the collector has memory for: it says when to come back instead of taking it.
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../bpf/rows.gen.ts';
import { headersOf, postBatch, postReport, report, rowsOf } from './support/agent.ts';
import { newCollector, startCollector, type TestCollector, type TestDirectory, testDirectory, until } from './support/collector.ts';

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

/** Announces a body of 1 MiB and does not send it: it is reserved for it. */
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
  expect(await until(bytesInFlight, (bytes) => bytes >= 2 * MIB)).toBe(2 * MIB);
  const rows = rowsOf('sample', 3);
  const refused = await postBatch(collector.url, 'sample', 3, rows);
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_bytes_in_flight' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await postReport(collector.url, report())).toMatchObject({ status: 429, body: { code: 'too_many_bytes_in_flight' } });
  for (const one of held) one.destroy();
  await until(bytesInFlight, (bytes) => bytes === 0);
  expect(await postBatch(collector.url, 'sample', 3, rows)).toMatchObject({ status: 200, body: { rows: 3, duplicate: false } });
  expect(await bytesInFlight()).toBe(0);
});

test('the longer it goes on, the longer the time to wait, spread', async () => {
  const held = [await hold(1), await hold(2)];
  await until(bytesInFlight, (bytes) => bytes >= 2 * MIB);
  const waits: number[] = [];
  for (let index = 0; index < 400; index++) {
    waits.push(Number((await postBatch(collector.url, 'sample', 4, rowsOf('sample', 1))).headers.get('retry-after')));
  }
  expect(Math.max(...waits.slice(0, 50))).toBe(1);
  expect(Math.max(...waits.slice(-50))).toBeGreaterThan(8);
  expect(new Set(waits.slice(-50)).size).toBeGreaterThan(5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(30);
  for (const one of held) one.destroy();
  await until(bytesInFlight, (bytes) => bytes === 0);
});

test('more batches at once than there is memory to unpack wait for their turn and are all taken', async () => {
  // 60 MiB of rows in bodies of a few kB.
  const size = KINDS.sample.size;
  const rows = Buffer.alloc(Math.floor(MIB / size) * size);
  const one = rowsOf('sample', 1);
  for (let at = 0; at < rows.length; at += size) one.copy(rows, at);
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => postBatch(collector.url, 'sample', 100 + index, rows)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await bytesInFlight()).toBe(0);
});

test('while a backlog waits for the store, more of it gets a code of its own, and rows of now are taken', async () => {
  const away = await testDirectory();
  const waiting = newCollector(away.path, { logMax: '4' });
  // Its store is never opened: what it takes stays in the log.
  const url = await waiting.start();
  try {
    const hour_ago = BigInt(Date.now() - 3_600_000) * 1_000_000n;
    const late = rowsOf('sample', 2000, () => ({ time_ns: hour_ago }));
    expect(await postBatch(url, 'sample', 1, late)).toMatchObject({ status: 200 });
    const refused = await postBatch(url, 'sample', 2, late);
    expect(refused).toMatchObject({ status: 429, body: { code: 'log_full_late' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await postBatch(url, 'sample', 3, rowsOf('sample', 2000))).toMatchObject({ status: 200 });
  } finally {
    await waiting.stop(10_000);
    await away.remove();
  }
});
