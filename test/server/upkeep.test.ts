// Retention by size on the real engine: the oldest days go from every table while rows come in and questions are answered.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { StoreDamage } from '../../server/api/health.ts';
import { retentionSize } from '../../server/retention-size.ts';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Asker, Engine, Filling } from '../../server/storage/engine.ts';
import { insertReports } from '../../server/storage/entities.ts';
import { KnownTables } from '../../server/storage/known-tables.ts';
import { migrate } from '../../server/storage/migrations.ts';
import { overview } from '../../server/storage/queries/overview.ts';
import type { Dropped } from '../../server/storage/retention.ts';
import type { Store } from '../../server/storage/store.ts';
import { upkeepOf } from '../../server/storage/upkeep.ts';
import { type UpkeepEvents, UpkeepLoop } from '../../server/upkeep.ts';
import { report, toldOf } from './storage/report.ts';
import { putLate, putRows } from './storage/tier-sums.ts';
import { until } from './support/collector.ts';

const DAY_S = 86_400;
const TODAY_S = Math.floor(Date.now() / 1000 / DAY_S) * DAY_S;
// Noon: a day that has only begun has no hours, and one that is about to end would be yesterday before the tests are over.
vi.useFakeTimers({ toFake: ['Date'], now: (TODAY_S + DAY_S / 2) * 1000 });
const dayOf = (s: number) => new Date(s * 1000).toISOString().slice(0, 10);
const directory = mkdtempSync(join(tmpdir(), 'tcplens-upkeep-'));
let engine: Engine;
let store: Store;
let known: KnownTables;
/** A loop ends its upkeep for good. */
const itsStore = () => ({ upkeep: upkeepOf(engine, known) });

async function fillDay(start_s: number): Promise<void> {
  await putRows(engine, start_s, 3600, 2000, start_s);
  for (const kind of ['state_change', 'congestion', 'progress', 'packet', 'stack']) {
    await engine.command(`INSERT INTO ${kind} (time_ns, host_id) SELECT toDateTime64(${start_s} + number, 9, 'UTC'), 1 FROM numbers(100)`);
  }
  const at_ms = start_s * 1000;
  await insertReports(engine, [{ ...report({ at_ms }), accounting: toldOf('sample', { seen: 5, sent: 5 }, at_ms) }]);
}

beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await migrate(engine);
  known = new KnownTables(join(directory, 'engine-tables.json'));
  await known.compare(engine, Date.now());
  store = { ...engine, upkeep: upkeepOf(engine, known) } as unknown as Store;
  for (let day = 4; day >= 0; day--) await fillDay(TODAY_S - day * DAY_S);
  await store.upkeep.makeMinutes(Date.now());
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

const BEATS = { first_ms: 0, refresh_ms: 20, refresh_wait_max_ms: 60_000, retain_ms: 20, look_ms: 0, isBehind: () => false };

const sizeOf = async () => (await store.upkeep.tables()).reduce((sum, { bytes }) => sum + bytes, 0);
const DAILY = [...KIND, 'rollup_1m', 'accounting', 'stored', 'report'];

/** Days that each table has, oldest first. */
async function daysOf(): Promise<Record<string, string[]>> {
  const found = await engine.query<{ table: string; days: string[] }>(
    "SELECT table, arraySort(groupUniqArray(partition)) AS days FROM system.parts WHERE active AND database = currentDatabase() AND match(partition, '^[0-9]{4}-') GROUP BY table",
  );
  return Object.fromEntries(found.map(({ table, days }) => [table, days]));
}

test('a store beyond its limit drops the oldest day of every table, goes on, and says so', async () => {
  const limit_bytes = Math.floor((await sizeOf()) * 0.55);
  const said: Dropped[] = [];
  const looks: StoreDamage[] = [];
  const failed: unknown[] = [];
  const events: UpkeepEvents = {
    refreshed: () => undefined,
    dropped: (dropped) => said.push(...dropped),
    looked: (damage) => looks.push(damage),
    failed: (_, error) => failed.push(error),
  };
  const loop = new UpkeepLoop(itsStore(), { ...BEATS, retention_size: { bytes: limit_bytes } }, events);
  expect(Object.keys(await daysOf()).sort()).toEqual([...DAILY].sort());
  loop.start();
  // Meanwhile rows come in and somebody looks.
  for (let at = 0; at < 5; at++) {
    await putRows(engine, TODAY_S + 60 * at, 60, 20, 10_000_000 + 1000 * at);
    await overview(store, { from: (TODAY_S - 5 * DAY_S) * 1000 }, Date.now());
  }
  // The days may all go in one beat, which looks once.
  await until(
    async () => [await sizeOf(), looks.length] as const,
    ([bytes, looked]) => bytes <= limit_bytes && looked > 1,
  );
  await loop.stop();
  expect(failed).toEqual([]);
  // What went for its size is not missing.
  expect(looks.length).toBeGreaterThan(1);
  for (const damage of looks) expect(damage).toEqual({ lost_tables: [], broken_parts: [], missing_rows: [] });
  expect(said.map(({ day }) => day)).toEqual(said.map((_, at) => dayOf(TODAY_S - (4 - at) * DAY_S)));
  expect(said.length).toBeGreaterThan(1);
  expect(said.every((dropped) => dropped.limit_bytes === limit_bytes && dropped.rows > 2000 && dropped.bytes > 0)).toBe(true);
  const oldest = dayOf(TODAY_S - (4 - said.length) * DAY_S);
  expect(await daysOf()).toEqual(Object.fromEntries(DAILY.map((table) => [table, expect.arrayContaining([oldest, dayOf(TODAY_S)])])));
  for (const days of Object.values(await daysOf())) expect(days[0]).toBe(oldest);
  expect((await store.upkeep.dropped(9)).map(({ day }) => day).sort()).toEqual(said.map(({ day }) => day));
});

test('hours and days of what was dropped stay, and stay exact where rows come late', async () => {
  const hours = () => engine.query('SELECT count() AS hours, sum(rolled_rows) AS rows FROM rollup_1h');
  // The loop may have been stopped with rows of today still to be added up.
  await store.upkeep.refresh(Date.now());
  const before = await hours();
  const [oldest] = (await daysOf())['rollup_1m'] ?? [];
  const [kept] = await engine.query<{ hours: number }>(
    `SELECT count() AS hours FROM rollup_1h WHERE start < toDateTime('${oldest} 00:00:00', 'UTC')`,
  );
  expect(kept?.hours).toBeGreaterThan(0);
  await store.upkeep.refresh(Date.now());
  expect(await hours()).toEqual(before);
});

test.each([
  ['waits while late rows keep coming', 3_600_000, false],
  ['does not wait for them for ever', 100, true],
])('building hours %s', async (_, refresh_wait_max_ms, builds) => {
  await store.upkeep.makeMinutes(Date.now());
  await store.upkeep.refresh(Date.now());
  await putLate(engine, TODAY_S - DAY_S + 7200, 60, 20, 20_000_000 + refresh_wait_max_ms);
  let asked = 0;
  let behind = true;
  let built = 0;
  const isBehind = () => {
    asked++;
    return behind;
  };
  const events: UpkeepEvents = {
    refreshed: (pieces) => {
      built += pieces;
    },
    dropped: () => undefined,
    looked: () => undefined,
    failed: (_, error) => expect(error).toBeUndefined(),
  };
  const options = { ...BEATS, first_ms: 30, refresh_wait_max_ms, isBehind, retention_size: { bytes: 1e12 } };
  const loop = new UpkeepLoop(itsStore(), options, events);
  loop.start();
  expect(asked).toBe(0);
  await until(
    () => (builds ? built : asked),
    (seen) => seen >= (builds ? 1 : 10),
  );
  expect(built > 0).toBe(builds);
  behind = false;
  await until(
    () => built,
    (pieces) => pieces > 0,
  );
  await loop.stop();
});

test('a stop ends a statement that runs, fails nothing, and what it was building is built by the next', async () => {
  const failed = vi.fn();
  const events: UpkeepEvents = { refreshed: () => undefined, dropped: () => undefined, looked: () => undefined, failed };
  // Each entry takes a second.
  const outcomes: string[] = [];
  const slow = {
    ...engine,
    fill: ({ into, select }: Filling, asker?: Asker) =>
      engine.fill({ into, select: `${select.replace(/^SELECT /, 'SELECT sleepEachRow(1) + ')} SETTINGS max_block_size = 1` }, asker).then(
        () => void outcomes.push('whole'),
        (error) => {
          outcomes.push('ended');
          throw error;
        },
      ),
  };
  await putLate(engine, TODAY_S - DAY_S + 10_800, 60, 20, 30_000_000);
  const loop = new UpkeepLoop({ upkeep: upkeepOf(slow, known) }, { ...BEATS, retention_size: { bytes: 1e12 } }, events);
  loop.start();
  const runs = () => engine.query<{ n: number }>("SELECT count() AS n FROM system.processes WHERE query LIKE 'INSERT INTO rollup%'");
  await until(runs, ([found]) => found?.n === 1);
  await loop.stop();
  expect(await runs()).toEqual([{ n: 0 }]);
  expect(outcomes).toEqual(['ended']);
  expect(failed).not.toHaveBeenCalled();
  expect(await itsStore().upkeep.refresh(Date.now())).toBeGreaterThan(0);
});

test('today goes only when it alone is over the limit', async () => {
  const [dropped] = (await store.upkeep.retain({ bytes: 1 }, Date.now())).slice(-1);
  expect(dropped?.day).toBe(dayOf(TODAY_S));
  expect(Object.keys(await daysOf())).toEqual([]);
  await fillDay(TODAY_S);
  expect(await store.upkeep.retain({ bytes: await sizeOf() }, Date.now())).toEqual([]);
  expect(await store.upkeep.retain({ share: 1 }, Date.now())).toEqual([]);
});

describe('a size as people say it', () => {
  test.each([
    ['500GB', { bytes: 500e9 }],
    ['1.5 TiB', { bytes: 1.5 * 2 ** 40 }],
    ['80%', { share: 0.8 }],
    ['64mb', { bytes: 64e6 }],
  ])('%s', (text, size) => expect(retentionSize(text)).toEqual(size));
  test.each(['', '80', '0%', '101%', '-1GB', '5 parsecs', '0GB'])('%j is none', (text) => {
    expect(() => retentionSize(text)).toThrow(/500GB/);
  });
});
