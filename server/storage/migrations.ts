// The steps from an empty database to this version's tables; each is recorded when it is done. The tables of rows and figures follow rows.h
// and figures.ts, everything else changes only by a new step. Every statement can be repeated, also by several collectors at once: a step
// that was cut short runs again from its first statement.
import { createHash } from 'node:crypto';
import { type Engine, StoreError } from './engine.ts';
import { follow } from './followed-table.ts';
import type { Migration } from './migration.ts';
import { TABLES } from './migrations/1-tables.ts';
import { ACCESS } from './migrations/2-access.ts';
import { RUNS } from './migrations/3-runs.ts';
import { MAP } from './migrations/4-map.ts';
import { INVESTIGATIONS } from './migrations/5-investigations.ts';
import { MAP_ENDS } from './migrations/6-map-ends.ts';
import { MAP_SLICES } from './migrations/7-map-slices.ts';
import { withoutStatistics } from './part-statistics.ts';
import { ROLLUP_TABLES } from './rollup-tables.ts';
import { ROW_TABLES } from './row-tables.ts';

export const MIGRATIONS: readonly Migration[] = [TABLES, ACCESS, RUNS, MAP, INVESTIGATIONS, MAP_ENDS, MAP_SLICES];

const CREATE_MIGRATION = `CREATE TABLE IF NOT EXISTS migration (
  number UInt32,
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree
ORDER BY number`;

/** More steps than there will ever be. */
const STEPS_MAX = 1000;

type Applied = Pick<Migration, 'number' | 'name'> & { checksum: string };

/**
 * `applied_at_ms` is null for a pending step. `changed`: its recorded text differs from this version's. `unknown`: it is of a newer
 * version.
 */
export type MigrationState = {
  number: number;
  name: string;
  checksum: string;
  applied_at_ms: number | null;
  state: 'applied' | 'pending' | 'changed' | 'unknown';
};

/** All steps that this version has or the database records, in order. Changes nothing. */
export async function listMigrations(engine: Engine, migrations: readonly Migration[] = MIGRATIONS): Promise<MigrationState[]> {
  const [found] = await engine.query<{ tables: number }>(
    "SELECT count() AS tables FROM system.tables WHERE database = currentDatabase() AND name = 'migration'",
    {},
    1,
  );
  const applied = found?.tables
    ? await engine.query<Applied & { at_ms: number }>(
        'SELECT number, name, checksum, toUnixTimestamp64Milli(applied_at) AS at_ms FROM migration FINAL ORDER BY number',
        {},
        STEPS_MAX,
      )
    : [];
  const recorded = new Map(applied.map((entry) => [entry.number, entry]));
  const own = migrations.map((migration): MigrationState => {
    const { number, name } = migration;
    const entry = recorded.get(number);
    const state = entry === undefined ? 'pending' : entry.checksum === checksum(migration) ? 'applied' : 'changed';
    return { number, name, checksum: checksum(migration), applied_at_ms: entry?.at_ms ?? null, state };
  });
  const newest = migrations.at(-1)?.number ?? 0;
  const unknown = applied.filter(({ number }) => number > newest);
  return [...own, ...unknown.map(({ at_ms, ...entry }): MigrationState => ({ ...entry, applied_at_ms: at_ms, state: 'unknown' }))];
}

/**
 * Applies the missing steps in order. A database of another version, with steps that this one does not know, is not touched.
 * @throws StoreError `store_migration_changed`
 */
export async function migrate(engine: Engine, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const states = await listMigrations(engine, migrations);
  for (const state of states) refuse(state);
  await engine.define(CREATE_MIGRATION);
  for (const table of [...ROW_TABLES, ...ROLLUP_TABLES]) await follow(engine, table);
  const pending = new Set(states.filter(({ state }) => state === 'pending').map(({ number }) => number));
  for (const migration of migrations.filter(({ number }) => pending.has(number))) {
    for (const statement of migration.statements) await engine.define(statement);
    await engine.command(
      `INSERT INTO migration (number, name, checksum) SELECT ${migration.number}, '${migration.name}', '${checksum(migration)}'`,
    );
  }
  await withoutStatistics(engine);
}

function refuse({ number, name, state }: MigrationState): void {
  if (state === 'unknown')
    throw new StoreError(
      'store_migration_changed',
      `The database was made by a newer tcplens: it has migration ${number} (${name}), which this version does not know. Nothing was changed. Run the newer tcplens.`,
    );
  if (state === 'changed')
    throw new StoreError(
      'store_migration_changed',
      `The database was made by another tcplens: its migration ${number} (${name}) is not this version's. Nothing was changed. Run the version that made it, or start with an empty data directory or database.`,
    );
}

function checksum({ statements }: Migration): string {
  return createHash('sha256').update(statements.join(';\n')).digest('hex').slice(0, 16);
}
