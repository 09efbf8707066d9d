// How statements are cut by hosts: every host is in one range, and several statements together read no more than one would.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { connectionRanges, hostRanges } from '../../../server/storage/host-ranges.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { MinuteRefresh } from '../../../server/storage/minute-refresh.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-host-ranges-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

const MOST = 2n ** 64n - 1n;
const hosts = fc.uniqueArray(fc.tuple(fc.bigInt({ min: 0n, max: MOST }), fc.nat(50)), { maxLength: 30, selector: ([host]) => host });

test('every host is in one range, and no range has more than its limit but for one host', async () => {
  await fc.assert(
    fc.asyncProperty(hosts, fc.integer({ min: 1, max: 100 }), fc.bigInt({ min: 0n, max: MOST }), async (counts, rows_max, other) => {
      // Two parts a host, as of two kinds of rows.
      const all = counts.flatMap(([host, n]) => [`(${host}, ${n})`, `(${host}, 1)`]).join(', ');
      const counted = `SELECT host_id, n FROM values('host_id UInt64, n UInt64', ${all === '' ? '(0, 0)' : all})`;
      const rows = counts.reduce((sum, [, n]) => sum + n + 1, 0);
      const ranges = await hostRanges(engine, counted, rows, rows_max);
      const asked = [...counts.map(([host]) => host), other, 0n, MOST];
      const found = await engine.query<{ host: string; places: number[] }>(
        `SELECT toString(host_id) AS host, arrayFilter(i -> i >= 0, [${ranges.map(({ where }, at) => `if(${where}, ${at}, -1)`).join(', ')}]) AS places
FROM (SELECT arrayJoin([${asked.map((host) => `toUInt64('${host}')`).join(', ')}]) AS host_id)`,
      );
      expect(found.map(({ places }) => places.length)).toEqual(asked.map(() => 1));
      const sums = ranges.map((_, at) => {
        const inside = counts.filter(([host]) => found.some((one) => one.host === String(host) && one.places[0] === at));
        return { rows: inside.reduce((sum, [, n]) => sum + n + 1, 0), largest: Math.max(0, ...inside.map(([, n]) => n + 1)) };
      });
      for (const { rows: sum, largest } of sums) expect(sum).toBeLessThan(rows_max + Math.max(largest, 1));
    }),
    { numRuns: 60 },
  );
});

test('every connection of a busy host is in one range, whatever its id', async () => {
  const ids = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, MOST - 2n, MOST - 1n, MOST];
  const all = `SELECT arrayJoin([${ids.map((id) => `toUInt64('${id}')`).join(', ')}]) AS connection_id`;
  const ranges = await connectionRanges(
    engine,
    [{ where: 'true', rows: ids.length }],
    (where) => `SELECT * FROM (${all}) WHERE ${where}`,
    1,
  );
  expect(ranges).toHaveLength(ids.length);
  const found = await engine.query<{ places: number }>(`SELECT ${ranges.map((range) => `(${range})`).join(' + ')} AS places FROM (${all})`);
  expect(found.map(({ places }) => places)).toEqual(ids.map(() => 1));
});

test('five minutes of many rows are built by several statements, which read each row but for its minute and its count', async () => {
  const rows = 400_000;
  const start_s = Math.floor(Date.now() / 300_000) * 300 - 900;
  await engine.command(`INSERT INTO sample (time_ns, host_id, epoch, sequence, batch_row, data_segs_out)
SELECT fromUnixTimestamp64Nano(toInt64(${start_s} + number % 300) * 1000000000), cityHash64(number % 20), 1, 1, number, 1 FROM numbers(${rows})`);
  const selected = async () =>
    (await engine.query<{ n: number }>("SELECT value AS n FROM system.events WHERE event = 'SelectedRows'"))[0]?.n ?? 0;
  const before = await selected();
  expect(await new MinuteRefresh(engine, 100_000).due(Date.now())).toBe(1);
  // Besides for both, its hosts are counted. What is beyond that are the ends of ranges, which are read by both neighbours.
  expect(((await selected()) - before) / rows).toBeLessThan(5);
  expect(await engine.query('SELECT sum(data_segs_out) AS n FROM rollup_1m FINAL')).toEqual([{ n: rows }]);
  expect(await engine.query("SELECT sum(rows) AS n FROM stored FINAL WHERE kind = 'sample'")).toEqual([{ n: rows }]);
});
