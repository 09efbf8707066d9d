// Collectors that find an empty or older ClickHouse at the same time: one changes its tables, and what another inserts as soon as
// it is ready is rolled up and counted. The server is the HTTP front over the embedded engine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../../../server/storage/clickhouse-store.ts';
import { MIGRATIONS } from '../../../server/storage/migrations.ts';
import type { Segment, Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { until } from '../support/collector.ts';
import { batchOf } from './backends.ts';
import { type Front, startFront } from './front-process.ts';

const COLLECTORS = 3;
const SEGMENTS = 3;
const ROWS = 20;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-shared-turn-'));
let front: Front;

beforeAll(async () => {
  front = await startFront(directory);
});
afterAll(async () => {
  await front.end('SIGTERM');
  rmSync(directory, { recursive: true });
});

let sequence = 0;
function resets(): Segment {
  const name = `s-${++sequence}`;
  const path = join(directory, `${name}.rows`);
  const time_ns = BigInt(Date.now()) * 1_000_000n;
  const rows = Array.from({ length: ROWS }, (_, index) => rowBytes('reset', { time_ns: time_ns + BigInt(index), host_id: 1 }));
  writeFileSync(path, Buffer.concat(rows));
  return { kind: 'reset', path, rows: ROWS, token: `reset/${name}`, batches: [batchOf(sequence, ROWS)] };
}

/** As a collector does: it migrates until that succeeds, and then inserts. */
async function begin(database: string): Promise<Store> {
  const store = await openClickHouse({ url: front.url, database });
  await until(
    () =>
      store.migrate().then(
        () => 'ready',
        (error: Error) => error.message,
      ),
    (said) => said === 'ready',
  );
  for (let count = 0; count < SEGMENTS; count++) await store.insertSegment(resets());
  return store;
}

test('all that is inserted by whoever is ready first is rolled up and counted', async () => {
  const stores = await Promise.all(Array.from({ length: COLLECTORS }, () => begin('together')));
  const rows = COLLECTORS * SEGMENTS * ROWS;
  const [store] = stores;
  expect(
    await store?.query(`SELECT (SELECT count() FROM reset) AS rows, (SELECT sum(r.rolled_rows) FROM rollup_1m AS r) AS behind,
  (SELECT sum(s.rows) FROM stored AS s) AS counted`),
  ).toEqual([{ rows, behind: rows, counted: rows }]);
  expect(await store?.query('SELECT count() AS steps FROM migration'), 'each step ran once').toEqual([{ steps: MIGRATIONS.length }]);
  for (const each of stores) await each.close();
});

test('while another is at it nothing is changed; one that is silent has lost its turn', async () => {
  const database = 'taken';
  const store = await openClickHouse({ url: front.url, database });
  const client = createClient({ url: front.url, database });
  await client.command({
    query: `CREATE TABLE shared_turn (work LowCardinality(String), position UInt64, owner String, at DateTime64(3, 'UTC') DEFAULT now64(3), ended UInt8)
ENGINE = MergeTree ORDER BY (work, position, at) SETTINGS non_replicated_deduplication_window = 10000`,
  });
  await client.command({ query: "INSERT INTO shared_turn (work, position, owner, ended) VALUES ('migration', 1, 'another', 0)" });
  await expect(store.migrate()).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await store.query("SELECT count() AS tables FROM system.tables WHERE database = 'taken' AND name = 'stored'")).toEqual([
    { tables: 0 },
  ]);
  await client.command({ query: 'TRUNCATE TABLE shared_turn' });
  await client.command({
    query: "INSERT INTO shared_turn (work, position, owner, at, ended) VALUES ('migration', 1, 'another', now64(3) - 60, 0)",
  });
  await store.migrate();
  expect(await store.query('SELECT max(position) AS position, max(ended) AS ended FROM shared_turn')).toEqual([{ position: 2, ended: 1 }]);
  await client.close();
  await store.close();
});
