// The steps from an empty database to this version's tables, each recorded when it is done. The row tables follow rows.h by
// themselves (row-tables.ts); everything else changes only by a new number here. Statements can be repeated: a step that was
// cut short runs again from its start.
import { createHash } from 'node:crypto';
import { ENTITIES } from './migrations/1-entities.ts';
import { ROLLUP_1M } from './migrations/2-rollup.ts';
import { ALL_KINDS } from './migrations/3-all-kinds.ts';
import { ACCOUNTING_AND_TIERS } from './migrations/4-accounting-and-tiers.ts';
import { LOSS_AND_WAITS } from './migrations/5-loss-and-waits.ts';
import { withoutStatistics } from './part-statistics.ts';
import { migrateRowTables } from './row-tables.ts';
import { type Engine, StoreError } from './store.ts';

export type Migration = { number: number; name: string; statements: readonly string[] };

export const MIGRATIONS: readonly Migration[] = [ENTITIES, ROLLUP_1M, ALL_KINDS, ACCOUNTING_AND_TIERS, LOSS_AND_WAITS];

const CREATE_MIGRATION = `CREATE TABLE IF NOT EXISTS migration (
  number UInt32,
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree
ORDER BY number`;

/** Of all versions there will be. */
const STEPS_MAX = 1000;

type Applied = Pick<Migration, 'number' | 'name'> & { checksum: string };

/** `applied_at_ms` is null for what is pending. `changed`: the recorded text is not this version's. `unknown`: of a newer version. */
export type MigrationState = {
  number: number;
  name: string;
  checksum: string;
  applied_at_ms: number | null;
  state: 'applied' | 'pending' | 'changed' | 'unknown';
};

/** Every step that this version has or the database records, in order. Changes nothing. */
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
 * Applies what is missing, in order. Throws `store_migration_changed` where a recorded step's text is no longer the one that
 * ran, and where the database is newer than this program.
 */
export async function migrate(engine: Engine, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await engine.define(CREATE_MIGRATION);
  await migrateRowTables(engine);
  const applied = await engine.query<Applied>('SELECT number, name, checksum FROM migration FINAL ORDER BY number', {}, STEPS_MAX);
  for (const migration of pending(migrations, applied)) {
    for (const statement of migration.statements) await engine.define(statement);
    await engine.command(
      `INSERT INTO migration (number, name, checksum) SELECT ${migration.number}, '${migration.name}', '${checksum(migration)}'`,
    );
  }
  await withoutStatistics(engine);
}

function pending(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  const newest = applied.at(-1);
  if (newest && newest.number > (migrations.at(-1)?.number ?? 0)) {
    throw new StoreError(
      'store_migration_changed',
      `The database has migration ${newest.number} (${newest.name}), which this version of tcplens does not know. Run a newer tcplens.`,
    );
  }
  const recorded = new Map(applied.map((entry) => [entry.number, entry]));
  return migrations.filter((migration) => {
    const entry = recorded.get(migration.number);
    if (!entry) return true;
    if (entry.checksum === checksum(migration)) return false;
    throw new StoreError(
      'store_migration_changed',
      `Migration ${migration.number} (${migration.name}) is recorded with checksum ${entry.checksum}, this version has ${checksum(migration)}. ` +
        'An applied migration must not change: add a new one, or start with an empty data directory or database.',
    );
  });
}

function checksum({ statements }: Migration): string {
  return createHash('sha256').update(statements.join(';\n')).digest('hex').slice(0, 16);
}
