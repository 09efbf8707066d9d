// Lists that are longer than one answer: read to their end, whatever their length.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bounded, ROWS_MOST, ROWS_WITHOUT_LIMIT } from '../../../server/storage/bounds.ts';
import { ClaimsLog } from '../../../server/storage/claims-log.ts';
import { CLAIMS_TABLES } from '../../../server/storage/claims-tables.ts';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { published } from '../../../server/storage/published.ts';
import type { Engine } from '../../../server/storage/store.ts';
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
  for (const statement of CLAIMS_TABLES) await engine.define(statement);
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

test('thirty thousand claims of batches that are asked for at once', async () => {
  const run = { kind: 'sample', host_id: '00000000000000a1', epoch: '00000000000000e1' };
  await engine.command(`INSERT INTO claims (position, segment, kind, host_id, epoch, first_sequence, last_sequence)
SELECT 1 + intDiv(number, 10000), 'sample/1', 'sample', 0xa1, 0xe1, number + 1, number + 1 FROM numbers(30000)`);
  const asked = Array.from({ length: 30 }, (_, at) => ({ ...run, first: at * 1000 + 1, last: (at + 1) * 1000 }));
  const found = await new ClaimsLog(engine).overlapping(asked);
  expect(new Set(found.map(({ last }) => last))).toEqual(new Set(Array.from({ length: 30_000 }, (_, at) => at + 1)));
});

test('a block of claims may be as long as it is, what follows it may not', async () => {
  const write = (position: number, from: number, rows: number) =>
    engine.command(`INSERT INTO claims (position, segment, kind, host_id, epoch, first_sequence, last_sequence)
SELECT ${position}, 'drop/1', 'drop', ${from} + number, 0xe1, 1, 1 FROM numbers(${rows})`);
  const log = new ClaimsLog(engine);
  await write(1000, 0, 60_000);
  await write(1001, 100_000, 50_000);
  const found = await log.from(1000);
  expect(found === 'too_many' ? [] : found.map(({ position }) => position)).toEqual([
    ...Array(60_000).fill(1000),
    ...Array(50_000).fill(1001),
  ]);
  await write(1002, 200_000, 1);
  expect(await log.from(1000)).toBe('too_many');
  expect(await log.from(1001)).toHaveLength(50_001);
});

test('an answer that may be long has a LIMIT in its statement, and none is longer than a page', () => {
  const rows = (sql: string, most: number) => () => bounded(sql, most, {});
  expect(rows('SELECT a', ROWS_WITHOUT_LIMIT)).not.toThrow();
  expect(rows('SELECT a', ROWS_WITHOUT_LIMIT + 1)).toThrow(expect.objectContaining({ message: expect.stringContaining('needs pages') }));
  expect(rows('SELECT a LIMIT 9', ROWS_MOST)).not.toThrow();
  expect(rows('SELECT a LIMIT 9', ROWS_MOST + 1)).toThrow(expect.objectContaining({ code: 'store_query_failed' }));
});
