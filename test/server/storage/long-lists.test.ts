// Lists that are longer than one answer: read to their end, whatever their length.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bounded, ROWS_MOST, ROWS_WITHOUT_LIMIT } from '../../../server/storage/bounds.ts';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { MinuteRefresh } from '../../../server/storage/minute-refresh.ts';
import { published } from '../../../server/storage/published.ts';
import { Superseded } from '../../../server/storage/superseded.ts';
import { until } from '../support/collector.ts';

const HOUR_S = 3600;
const NOW_S = HOUR_S * Math.floor(Date.now() / 1000 / HOUR_S);
const MINUTE_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-long-lists-'));
let engine: Engine;
beforeAll(async () => {
  const path = join(directory, 'engine');
  const store = await openEmbedded({ path });
  await store.migrate();
  await store.close();
  engine = await openEmbeddedEngine({ path });
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

/** A version of the time half an hour ago: old enough for those before it to go. */
const NEWEST = BigInt(Date.now() - 30 * MINUTE_MS) << 20n;

test('twelve thousand published hours', async () => {
  await engine.command(`INSERT INTO rollup_version (tier, start, version, rolled_rows)
SELECT '1h', toDateTime(${NOW_S} - number * ${HOUR_S}, 'UTC'), ${NEWEST} + number, number FROM numbers(12000)`);
  const found = await published(engine, '1h', NOW_S - 12_000 * HOUR_S, NOW_S + 1);
  expect(found.map(({ start_s }) => start_s)).toEqual(Array.from({ length: 12_000 }, (_, at) => NOW_S - (11_999 - at) * HOUR_S));
  expect(found.at(-1)).toEqual({ start_s: NOW_S, version: NEWEST, rolled_rows: 0 });
});

test('twelve thousand versions that are read no more all go, a part at each look', async () => {
  const start = `toDateTime(${NOW_S}, 'UTC')`;
  await engine.command(`INSERT INTO rollup_version (tier, start, version, rolled_rows) VALUES ('accounting', ${start}, ${NEWEST}, 9)`);
  await engine.command(`INSERT INTO accounting_1h (start, version, host_id, kind, counted, rows)
SELECT ${start}, ${NEWEST} - number, 1, 'sample', 'seen', number FROM numbers(12001)`);
  const superseded = new Superseded(engine, 'accounting', 'accounting_1h');
  const left = () =>
    engine.query<{ versions: number; newest: number }>('SELECT count() AS versions, min(rows) AS newest FROM accounting_1h');
  // The engine removes them after its answer: what one look has asked for may still be there at the next.
  const look = async () => {
    await superseded.remove(Date.now());
    return left();
  };
  const [seen] = await until(look, ([found]) => found?.versions === 1);
  expect(seen?.newest).toBe(0);
});

test('more late pieces than one statement builds are all built', async () => {
  await engine.command(`INSERT INTO late_piece (start, host_id, note, done)
SELECT toDateTime(${NOW_S} - 300 * (number % 100), 'UTC'), intDiv(number, 100), 1, 0 FROM numbers(1500)`);
  expect(await new MinuteRefresh(engine).late()).toBe(1500);
  expect(await engine.query('SELECT count() AS n FROM late_piece FINAL WHERE NOT done')).toEqual([{ n: 0 }]);
});

test('an answer that may be long has a LIMIT in its statement, and none is longer than a page', () => {
  const rows = (sql: string, most: number) => () => bounded(sql, most, {});
  expect(rows('SELECT a', ROWS_WITHOUT_LIMIT)).not.toThrow();
  expect(rows('SELECT a', ROWS_WITHOUT_LIMIT + 1)).toThrow(expect.objectContaining({ message: expect.stringContaining('needs pages') }));
  expect(rows('SELECT a LIMIT 9', ROWS_MOST)).not.toThrow();
  expect(rows('SELECT a LIMIT 9', ROWS_MOST + 1)).toThrow(expect.objectContaining({ code: 'store_query_failed' }));
});
