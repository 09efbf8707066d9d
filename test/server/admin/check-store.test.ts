// Each damage of an engine's files: check-store names it and changes nothing, and a backup from before brings all of it back.
import { cp, lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backUp, type Manifest, restore } from '../../../server/admin/backup.ts';
import { checkStore } from '../../../server/admin/check-store.ts';
import { SNAPSHOT, takeSnapshot } from '../../../server/admin/snapshot.ts';
import { MIGRATIONS } from '../../../server/storage/migrations.ts';
import { accounting } from '../../../server/storage/queries/accounts.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { nowNs, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { startCollector, type TestDirectory, testDirectory, withStore } from '../support/collector.ts';
import { DAMAGES, ROWS } from '../support/damages.ts';

const NOW_MS = Date.now();
const RANGE = { from: NOW_MS - 3_600_000, to: NOW_MS };

let directory: TestDirectory;
let whole: string;
let backup: string;
let before: unknown;

const figures = (data: string) =>
  withStore(data, async (store) => [await accounting(store, RANGE, 10, NOW_MS), await overview(store, RANGE, NOW_MS)]);

beforeAll(async () => {
  directory = await testDirectory();
  whole = join(directory.path, 'whole');
  backup = join(directory.path, 'backup');
  const { url, stop } = await startCollector(whole);
  const time_ns = nowNs() - 1_200_000_000_000n;
  const minute_ms = Math.floor(Number(time_ns) / 60_000_000_000) * 60_000;
  for (const kind of ['retransmit', 'sample'] as const) {
    await postBatch(
      url,
      kind,
      1,
      rowsOf(kind, ROWS, () => ({ time_ns })),
    );
    const accounts = (['seen', 'sent'] as const).map((outcome) => ({ epoch: '00000000000000e1', minute_ms, kind, outcome, rows: ROWS }));
    await postReport(url, report({ accounting: accounts }));
  }
  await stop();
  await withStore(whole, async (store) => {
    await store.upkeep.makeMinutes(Date.now());
    await store.upkeep.refresh(Date.now());
    const { taken_at_ms } = await takeSnapshot(store, whole);
    await backUp(join(whole, SNAPSHOT), backup, { tcplens: '0.0.0', taken_at_ms });
  });
  before = await figures(whole);
});
afterAll(() => directory.remove());

/** Every name with its size and time, but for those of the lock, which says who holds it. */
async function namesIn(data: string): Promise<string[]> {
  const names = await readdir(data, { recursive: true, withFileTypes: true });
  const found = names.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    const { size, mtimeMs, ino } = await lstat(path);
    return `${relative(data, path)} ${size} ${mtimeMs} ${ino}`;
  });
  return (await Promise.all(found)).filter((line) => !line.startsWith('lock')).toSorted();
}

test('a whole directory is said to be whole, with what it has', async () => {
  const found = await checkStore(whole);
  expect(found).toMatchObject({ troubles: [], log: { waiting_rows: 0, waiting_segments: 0, lost_rows: 0 } });
  expect(found.tables).toContainEqual({ table: 'sample', parts: 1, rows: ROWS, broken: 0 });
  expect(found.tables).toContainEqual({ table: 'reset', parts: 0, rows: 0, broken: 0 });
  expect(found.days.map(({ kind, stored, held }) => [kind, stored, held])).toEqual([
    ['retransmit', ROWS, ROWS],
    ['sample', ROWS, ROWS],
  ]);
});

test('a backup says how many rows of each table it has, and names every file once', async () => {
  const manifest: Manifest = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8'));
  expect(manifest.rows).toMatchObject({ sample: ROWS, retransmit: ROWS, migration: MIGRATIONS.length });
  const tables = (await checkStore(whole)).tables.map(({ table }) => table);
  expect(Object.keys(manifest.rows).filter((table) => !tables.includes(table))).toEqual([]);
  const parts = Object.keys(manifest.files).filter((path) => path.endsWith('/count.txt'));
  expect(parts.filter((path) => !path.startsWith('engine/store/'))).toEqual([]);
});

test.each(DAMAGES)('$name: named, and a backup brings it back', async ({ name, inflict, says }) => {
  const data = join(directory.path, name);
  await cp(whole, data, { recursive: true, verbatimSymlinks: true });
  await inflict(join(data, 'engine'));
  const names = await namesIn(data);
  const { troubles } = await checkStore(data);
  expect(troubles).toEqual([expect.stringMatching(says)]);
  expect(await namesIn(data)).toEqual(names);
  const anew = `${data} anew`;
  await restore(backup, anew);
  expect((await checkStore(anew)).troubles).toEqual([]);
  expect(await figures(anew)).toEqual(before);
});
