// Migrations on the real engine: cut short, changed, from the future, and tables that lag behind rows.h.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { FIGURE_NAMES } from '../../../server/storage/figures.ts';
import { IDENTITY } from '../../../server/storage/identity.ts';
import type { Migration } from '../../../server/storage/migration.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-migrations-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: directory });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

const step = (number: number, ...statements: string[]): Migration => ({ number, name: `step_${number}`, statements });
const NEXT = MIGRATIONS.length + 1;
const recorded = async () =>
  (await engine.query<{ number: number }>('SELECT number FROM migration FINAL ORDER BY number')).map(({ number }) => number);

test('every kind has a table with a column for each member, its comment, and what makes a row one', async () => {
  for (const kind of KIND) {
    const stored = await engine.query<{ name: string; comment: string }>(
      'SELECT name, comment FROM system.columns WHERE table = {kind:String} ORDER BY position',
      { kind },
    );
    const members = KINDS[kind].columns.filter(({ name }) => name !== 'pad' && name !== 'kind');
    expect(stored).toEqual([...members, ...IDENTITY].map(({ name, comment }) => ({ name, comment })));
  }
});

test('no migration that may have been applied somewhere has changed: add a new one instead', async () => {
  expect(await engine.query('SELECT number, name, checksum FROM migration FINAL ORDER BY number')).toEqual([
    { number: 1, name: 'tables', checksum: '768ae8a510aec2ea' },
    { number: 2, name: 'access', checksum: '1c3cd5550b281e9c' },
    { number: 3, name: 'runs', checksum: '12459ec5520d1962' },
    { number: 4, name: 'map', checksum: 'c15f6d811d6ed5e2' },
    { number: 5, name: 'investigations', checksum: '71a4edbea908ef81' },
    { number: 6, name: 'map-ends', checksum: 'f87cf91545817086' },
    { number: 7, name: 'map-slices', checksum: 'c20d676986db42d8' },
  ]);
});

test('minutes, hours and days have every figure, also a new one', async () => {
  await engine.command('ALTER TABLE rollup_1h DROP COLUMN undos');
  await migrate(engine);
  for (const table of ['rollup_1m', 'rollup_1h', 'rollup_1d']) {
    const columns = await engine.query<{ name: string }>('SELECT name FROM system.columns WHERE table = {table:String}', { table });
    expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining([...FIGURE_NAMES, 'rtt']));
  }
});

test('a migration cut short after its first statement runs again to its end', async () => {
  const whole = step(
    NEXT,
    'CREATE TABLE IF NOT EXISTS half (x UInt8) ENGINE = Memory',
    'CREATE TABLE IF NOT EXISTS whole (x UInt8) ENGINE = Memory',
  );
  let commands = 0;
  const killed: Engine = {
    ...engine,
    define: async (sql) => {
      if (sql.includes('whole') && commands++ === 0) throw new Error('killed');
      await engine.define(sql);
    },
  };
  await expect(migrate(killed, [...MIGRATIONS, whole])).rejects.toThrow('killed');
  expect(await recorded()).toEqual(MIGRATIONS.map(({ number }) => number));
  await migrate(engine, [...MIGRATIONS, whole]);
  expect(await recorded()).toEqual([...MIGRATIONS.map(({ number }) => number), NEXT]);
  expect(await engine.query("SELECT count() AS n FROM system.tables WHERE name IN ('half', 'whole')")).toEqual([{ n: 2 }]);
});

test('a database of a newer version is refused', async () => {
  await expect(migrate(engine)).rejects.toMatchObject({
    code: 'store_migration_changed',
    message: expect.stringContaining('newer tcplens'),
  });
  await engine.command(`DELETE FROM migration WHERE number = ${NEXT}`);
});

test('a changed migration is refused, by name', async () => {
  const [first, ...rest] = MIGRATIONS;
  const changed = { ...step(1, ...(first?.statements ?? []), 'SELECT 1'), name: 'tables' };
  await expect(migrate(engine, [changed, ...rest])).rejects.toMatchObject({
    code: 'store_migration_changed',
    message: expect.stringContaining('migration 1 (tables)'),
  });
});

test('a table that lags behind rows.h gains its columns and its enumerators', async () => {
  await engine.command('ALTER TABLE state_change DROP COLUMN duration_us');
  await engine.command("ALTER TABLE state_change MODIFY COLUMN owner Enum8('unknown' = 0, 'connect' = 1)");
  await migrate(engine);
  const types = await engine.query(
    "SELECT name, type FROM system.columns WHERE table = 'state_change' AND name IN ('duration_us', 'owner') ORDER BY name",
  );
  expect(types).toEqual([
    { name: 'duration_us', type: 'UInt64' },
    { name: 'owner', type: "Enum8('unknown' = 0, 'connect' = 1, 'listener' = 2, 'file_table' = 3, 'io' = 4)" },
  ]);
});

test('a column of another type is refused, not converted', async () => {
  await engine.command('ALTER TABLE state_change MODIFY COLUMN pid UInt64');
  await expect(migrate(engine)).rejects.toMatchObject({
    code: 'store_migration_changed',
    message: expect.stringContaining('Table state_change holds pid as UInt64'),
  });
});
