// What goes as it should (retention by days and by size, a person who accepts a loss) is not taken for damage.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { storeOn } from '../../../server/storage/engine-store.ts';
import { KnownTables } from '../../../server/storage/known-tables.ts';
import type { Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';
import { type TestDirectory, testDirectory } from '../support/collector.ts';

const DAY_MS = 86_400_000;
const NONE = { lost_tables: [], broken_parts: [], missing_rows: [] };

let directory: TestDirectory;
let engine: Engine;
let store: Store;
const open = async () => {
  engine = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
  store = storeOn(engine, new KnownTables(join(directory.path, 'engine-tables.json')));
  await store.migrate();
};
beforeEach(async () => {
  directory = await testDirectory();
  await open();
});
afterEach(async () => {
  await store.close();
  await directory.remove();
});

/** So many samples of each of these days, counted. */
async function storeDays(ago: number[], count = 100): Promise<void> {
  for (const days of ago) {
    const path = join(directory.path, `${days}.rows`);
    const time_ns = BigInt(Date.now() - days * DAY_MS) * 1_000_000n;
    const rows = Array.from({ length: count }, () => rowBytes('sample', { time_ns, host_id: 1 }));
    writeFileSync(path, segmentBytes(rows, { epoch: '00000000000000e1', sequence: count }));
    await store.insertSegment({ kind: 'sample', path, rows: rows.length });
  }
  await store.upkeep.makeMinutes(Date.now());
  // Of hours that are over, these say how many rows there were.
  await store.upkeep.refresh(Date.now());
}
const daysHeld = async () => {
  const found = await store.query(
    "SELECT DISTINCT partition AS day FROM system.parts WHERE table = 'sample' AND active LIMIT 100",
    {},
    100,
  );
  return found.length;
};
const damage = () => store.upkeep.damage(Date.now());

test('days that went while fewer were kept are not missing once more are', async () => {
  await storeDays([9, 2]);
  expect(await damage()).toEqual(NONE);
  await store.upkeep.keep('rows', 5);
  // As the engine does when it comes to it.
  await engine.command(`ALTER TABLE sample DROP PARTITION '${new Date(Date.now() - 9 * DAY_MS).toISOString().slice(0, 10)}'`);
  expect(await damage()).toEqual(NONE);
  await store.upkeep.keep('rows', 30);
  expect(await damage()).toEqual(NONE);
});

test('a day that was dropped for its size is not missing, nor once rows of it come late', async () => {
  await storeDays([9, 2]);
  const bytes = (await store.upkeep.tables()).reduce((sum, table) => sum + table.bytes, 0);
  expect(await store.upkeep.retain({ bytes: bytes - 1 }, Date.now())).toHaveLength(1);
  expect(await daysHeld()).toBe(1);
  expect(await damage()).toEqual(NONE);
  await storeDays([9], 7);
  expect(await daysHeld()).toBe(2);
  expect(await damage()).toEqual(NONE);
});

test('without the file, what is there counts as whole', async () => {
  await storeDays([2]);
  await store.upkeep.keep('rows', 30);
  for (const table of ['sample', 'reset']) {
    await store.close();
    rmSync(join(directory.path, 'engine/metadata/default', `${table}.sql`));
    await open();
  }
  expect((await damage()).lost_tables.map(({ table }) => table)).toEqual(['sample', 'reset']);
  expect((await damage()).missing_rows).toEqual([expect.objectContaining({ kind: 'sample', stored: 100, held: 0 })]);
  await store.close();
  rmSync(join(directory.path, 'engine-tables.json'));
  await open();
  expect(await damage()).toEqual(NONE);
});

test.each(['', '{', '{"tables":3}'])('a file that is not as it was written (%j) is refused by name', async (text) => {
  const path = join(directory.path, 'engine-tables.json');
  expect(JSON.parse(readFileSync(path, 'utf8')).tables).toContain('sample');
  await store.close();
  writeFileSync(path, text);
  await expect(open()).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('engine-tables.json') });
});
