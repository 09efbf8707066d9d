// Rows of impossible times: taken out of their batch, kept, counted once; the others are stored.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TimeWindow } from '../../server/ingest/time-window.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { HOST, nowNs, postBatch, rowsOf } from './support/agent.ts';
import { countRows, startCollector, type TestDirectory, testDirectory, until, withStore } from './support/collector.ts';

const DAY_NS = 24n * 3600n * 1_000_000_000n;

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(async () => directory.remove());

const times: [name: string, time_ns: bigint][] = [
  ['1970', 5_000_000_000n],
  ['last month', nowNs() - 31n * DAY_NS],
  ['tomorrow', nowNs() + DAY_NS],
  ['beyond int64', 2n ** 64n - 1n],
];

test('a row of an impossible time is quarantined, the rest of its batch is stored', async () => {
  const collector = await startCollector(directory.path);
  const expected: Buffer[] = [];
  for (const [index, [name, time_ns]] of times.entries()) {
    // The middle one of three; of the last batch all.
    const all = index === times.length - 1;
    const rows = rowsOf('sample', 3, (row): RowValues => (row === 1 || all ? { time_ns, connection_id: index } : {}));
    const size = rows.length / 3;
    expected.push(all ? rows : rows.subarray(size, 2 * size));
    const answer = await postBatch(collector.url, 'sample', index + 1, rows);
    const { status, body } = answer;
    expect({ name, status, body }).toMatchObject({ name, status: 200, body: { rows: 3, duplicate: false, quarantined: all ? 3 : 1 } });
    expect((await postBatch(collector.url, 'sample', index + 1, rows)).body).toMatchObject({ rows: 3, duplicate: true, quarantined: 0 });
  }
  await collector.stop();
  const files = await readdir(join(directory.path, 'quarantine'));
  expect(files).toEqual([expect.stringMatching(/^sample-.*\.rows$/)]);
  expect(await readFile(join(directory.path, 'quarantine', files[0] ?? ''))).toEqual(Buffer.concat(expected));
});

test('it is counted once, by host, run and kind, also after the collector has been started again', async () => {
  const collector = await startCollector(directory.path);
  const [, tomorrow] = times[2] ?? ['', 0n];
  expect(
    (
      await postBatch(
        collector.url,
        'sample',
        3,
        rowsOf('sample', 3, () => ({ time_ns: tomorrow })),
      )
    ).body,
  ).toMatchObject({ duplicate: true });
  await collector.stop();
  await withStore(directory.path, async (store) => {
    expect(await countRows(store, 'sample')).toBe(6);
    const counted = await store.query<{ host: string; kind: string; outcome: string; rows: number }>(
      'SELECT toString(l.host_id) AS host, kind, outcome, sum(l.rows) AS rows FROM lost AS l FINAL GROUP BY ALL',
    );
    expect(counted).toEqual([{ host: HOST.toString(), kind: 'sample', outcome: 'quarantined', rows: 6 }]);
    // Those that were stored have the places that they were sent in.
    expect(
      await store.query('SELECT sequence, groupArraySorted(9)(batch_row) AS places FROM sample FINAL GROUP BY 1 ORDER BY 1', {}, 3),
    ).toEqual([1, 2, 3].map((sequence) => ({ sequence, places: [0, 2] })));
  });
});

test('which times are impossible follows what the tables keep', async () => {
  const days = (window: TimeWindow) => Math.round((Date.now() - window.at(Date.now()).from_ns / 1e6) / 86_400_000);
  await withStore(directory.path, async (store) => {
    const window = new TimeWindow();
    expect(days(window)).toBe(30);
    await store.upkeep.keep('rows', 60);
    window.follow(store);
    expect(
      await until(
        () => days(window),
        (seen) => seen !== 30,
      ),
    ).toBe(60);
    window.stop();
  });
});
