// A store that is not there when the collector starts, or fails under it: rows are taken all the same, and kept.
import { afterEach, expect, test } from 'vitest';
import { postBatch, postReport, report, rowsOf } from './support/agent.ts';
import { countRows, newCollector, startCollector, type TestDirectory, testDirectory, until, withStore } from './support/collector.ts';

const directories: TestDirectory[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.remove();
});

async function newDirectory(): Promise<string> {
  const directory = await testDirectory();
  directories.push(directory);
  return directory.path;
}

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

test('without its ClickHouse a collector takes rows, says that it is not ready, and stops; the rows are stored by the next one', async () => {
  const data = await newDirectory();
  // Port 1 of this machine: nothing listens there.
  const collector = newCollector(data, { clickhouse: 'http://127.0.0.1:1/tcplens' });
  const url = await collector.start();
  const filling = collector.fill().catch((error: unknown) => error);
  expect(await postBatch(url, 'state_change', 1, rowsOf('state_change', 5))).toMatchObject({ status: 200, body: { rows: 5 } });
  const ready = await until(
    () => get(`${url}/readyz`),
    ({ body }) => JSON.stringify(body).includes('127.0.0.1:1'),
  );
  expect(ready).toMatchObject({ status: 503, body: { code: 'store_failed', message: expect.stringContaining('No ClickHouse answers') } });
  expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  expect(await get(`${url}/api/v1/overview`)).toMatchObject({ status: 503, body: { code: 'store_failed' } });
  expect(await postReport(url, report())).toMatchObject({ status: 503, body: { code: 'store_failed' } });
  await collector.stop(10_000);
  expect(await filling).toBeUndefined();

  const next = await startCollector(data);
  expect(await postBatch(next.url, 'state_change', 1, rowsOf('state_change', 5))).toMatchObject({ body: { duplicate: true } });
  expect(await next.stop()).toBe(true);
  expect(await withStore(data, (store) => countRows(store, 'state_change'))).toBe(5);
});
