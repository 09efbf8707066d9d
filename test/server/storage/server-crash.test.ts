// A ClickHouse server that is killed in the midst of an insert, as the HTTP front over the embedded engine: whatever the kill has
// left, the segment is stored once, rollup and count included, while others insert into the same minutes.
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../../../server/storage/clickhouse-store.ts';
import type { Segment, Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { until } from '../support/collector.ts';
import { batchOf } from './backends.ts';
import { type Front, startFront } from './front-process.ts';

const ROWS = 200;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-server-crash-'));
let front: Front;
let store: Store;

beforeAll(async () => {
  front = await startFront(directory);
  store = await openClickHouse({ url: front.url, database: 'tcplens' });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await front.end('SIGTERM');
  rmSync(directory, { recursive: true });
});

let sequence = 0;
/** Rows of one minute and of the day before it, of two hosts. */
function segmentOf(name: string): Segment {
  const path = join(directory, `${name}.rows`);
  const minute_ns = BigInt(Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000) * 1_000_000n;
  const rows = Array.from({ length: ROWS }, (_, index) =>
    rowBytes('sample', {
      time_ns: minute_ns - BigInt(index % 2) * 86_400_000_000_000n + BigInt(index),
      host_id: 1 + (index % 3 === 0 ? 1 : 0),
      connection_id: ++sequence,
      data_segs_out: 1,
    }),
  );
  writeFileSync(path, Buffer.concat(rows));
  return { kind: 'sample', path, rows: ROWS, token: `sample/${name}`, batches: [batchOf(++sequence, ROWS)] };
}

async function held(): Promise<unknown> {
  const [found] = await store.query(`SELECT (SELECT count() FROM sample) AS rows, (SELECT sum(data_segs_out) FROM rollup_1m) AS rolled,
  (SELECT sum(r.rolled_rows) FROM rollup_1m AS r) AS behind, (SELECT sum(s.rows) FROM stored AS s) AS counted`);
  return found;
}

async function command(query: string): Promise<void> {
  const client = createClient({ url: front.url, database: 'tcplens' });
  await client.command({ query });
  await client.close();
}

const all = (rows: number) => ({ rows, rolled: rows, behind: rows, counted: rows });
const DAY = "toDate(now() - INTERVAL 1 HOUR - INTERVAL 1 DAY, 'UTC')";

/** What the kill has left undone, of one segment: the rows of a table, or those of one day, whose token is noted. */
const harms: [name: string, stored: boolean, harm: string][] = [
  ['nothing is stored', false, 'SELECT 1'],
  ['all is stored', true, 'SELECT 1'],
  ['noted without its rows', true, 'ALTER TABLE sample DELETE WHERE connection_id > {from} SETTINGS mutations_sync = 1'],
  [
    'noted without the rows of a day',
    true,
    `ALTER TABLE sample DELETE WHERE connection_id > {from} AND toDate(time_ns) = ${DAY} SETTINGS mutations_sync = 1`,
  ],
  ['noted without its share of the rollup', true, 'ALTER TABLE rollup_1m DELETE WHERE 1 SETTINGS mutations_sync = 1'],
  ['noted without its count', true, `ALTER TABLE stored DELETE WHERE toDate(minute) = ${DAY} SETTINGS mutations_sync = 1`],
];

test.each(harms)(
  '%s',
  async (_, stored, harm) => {
    for (const table of ['sample', 'rollup_1m', 'stored']) await command(`TRUNCATE TABLE ${table}`);
    const from = sequence;
    const segment = segmentOf(`s-${from}`);
    if (stored) await store.insertSegment(segment);
    await command(harm.replace('{from}', String(from)));
    const { port } = front;
    await front.end('SIGKILL');
    front = await startFront(directory, port);
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      (answers) => answers,
    );
    // Of another collector, which has stored its own of the same minutes and hosts by then, and goes on.
    const other = await openClickHouse({ url: front.url, database: 'tcplens' });
    await Promise.all([
      store.insertUnsettled([segment]),
      (async () => {
        for (let n = 0; n < 3; n++) await other.insertSegment(segmentOf(`o-${sequence}`));
      })(),
    ]);
    await other.close();
    expect(await held()).toEqual(all(4 * ROWS));
    await store.insertUnsettled([segment]);
    expect(await held(), 'once more').toEqual(all(4 * ROWS));
  },
  60_000,
);

test('a segment of which the server has forgotten the token is not stored again', async () => {
  for (const table of ['sample', 'rollup_1m', 'stored']) await command(`TRUNCATE TABLE ${table}`);
  const segment = segmentOf(`s-${sequence}`);
  await store.insertSegment(segment);
  const forgotten = { ...segment, token: `${segment.token}.forgotten` };
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(segment.path, old, old);
  await store.insertUnsettled([forgotten]);
  expect(await held()).toEqual(all(ROWS));
});

/** Before the server, and holds back rows that are being inserted until `arrival`. */
async function networkBefore(arrival: Promise<void>): Promise<{ url: string; waiting: () => boolean; close: () => void }> {
  let waits = false;
  const network = createServer(async (incoming, answer) => {
    const body = Buffer.concat(await incoming.toArray());
    if (incoming.url?.includes('RowBinary')) {
      waits = true;
      await arrival;
    }
    const { host: _, 'transfer-encoding': __, connection: ___, ...headers } = incoming.headers;
    const outgoing = request(`${front.url}${incoming.url}`, {
      method: incoming.method,
      headers: { ...headers, 'content-length': body.length },
    });
    outgoing.on('response', (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy()).end(body);
  }).listen(0, '127.0.0.1');
  await once(network, 'listening');
  const { port } = network.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, waiting: () => waits, close: () => network.close() };
}

test('a first answer is not believed either if the server has begun meanwhile: a copy may have been there before', async () => {
  for (const table of ['sample', 'rollup_1m', 'stored']) await command(`TRUNCATE TABLE ${table}`);
  const arrival = Promise.withResolvers<void>();
  const network = await networkBefore(arrival.promise);
  const behind = await openClickHouse({ url: network.url, database: 'tcplens' });
  const segment = segmentOf(`s-${sequence}`);
  const inserting = behind.insertSegment(segment);
  await until(network.waiting, (waits) => waits);
  await store.insertSegment(segment);
  await command('ALTER TABLE rollup_1m DELETE WHERE 1 SETTINGS mutations_sync = 1');
  const { port } = front;
  await front.end('SIGKILL');
  front = await startFront(directory, port);
  arrival.resolve();
  await inserting;
  expect(await held()).toEqual(all(ROWS));
  await behind.close();
  network.close();
});
