// The steps from an empty database to this version's tables, each recorded when it is done. The row tables follow rows.h by
// themselves (row-tables.ts); everything else changes only by a new number here. Statements can be repeated: a step that was
// cut short runs again from its start.
import { createHash } from 'node:crypto';
import { ENTITIES } from './migrations/1-entities.ts';
import { ROLLUP_1M } from './migrations/2-rollup.ts';
import { ALL_KINDS } from './migrations/3-all-kinds.ts';
import { migrateRowTables } from './row-tables.ts';
import { type Engine, StoreError } from './store.ts';

export type Migration = { number: number; name: string; statements: readonly string[] };

export const MIGRATIONS: readonly Migration[] = [ENTITIES, ROLLUP_1M, ALL_KINDS];

const CREATE_MIGRATION = `CREATE TABLE IF NOT EXISTS migration (
  number UInt32,
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree
ORDER BY number`;

type Applied = Pick<Migration, 'number' | 'name'> & { checksum: string };

/**
 * Applies what is missing, in order. Throws `store_migration_changed` where a recorded step's text is no longer the one that
 * ran, and where the database is newer than this program.
 */
export async function migrate(engine: Engine, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await engine.command(CREATE_MIGRATION);
  await migrateRowTables(engine);
  const applied = await engine.query<Applied>('SELECT number, name, checksum FROM migration FINAL ORDER BY number');
  for (const migration of pending(migrations, applied)) {
    for (const statement of migration.statements) await engine.command(engine.place(statement));
    await engine.command(
      `INSERT INTO migration (number, name, checksum) SELECT ${migration.number}, '${migration.name}', '${checksum(migration)}'`,
    );
  }
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
