// One table a kind, shaped by rows.h through rows.gen.ts: created where missing, and brought up to it where rows.h has moved on.
import { KIND, type Kind } from '../../bpf/rows.gen.ts';
import { quote, type StoredColumn, storedColumns } from './columns.ts';
import { type Engine, StoreError } from './store.ts';

/** Days that rows stay. A whole day's parts go at once. */
export const ROWS_KEPT_DAYS = 30;

/** Tokens remembered a table; without it a repeated insert is stored again, and in a view chain every table needs it. */
export const DEDUPLICATION_WINDOW = 10_000;

/** Sorting by time first and by connection within five minutes packs rows about twice as well as by time alone. */
export function createRowTable(kind: Kind): string {
  const columns = storedColumns(kind).map((column) => `  ${definition(column)}`);
  return `CREATE TABLE IF NOT EXISTS ${kind} (
${columns.join(',\n')}
) ENGINE = MergeTree
PARTITION BY toDate(time_ns)
ORDER BY (toStartOfFiveMinutes(time_ns), host_id, connection_id, time_ns)
TTL toDateTime(time_ns) + INTERVAL ${ROWS_KEPT_DAYS} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
}

/** Creates the tables, adds columns that rows.h has gained and widens enums. Throws where a column changed its type otherwise. */
export async function migrateRowTables(engine: Engine): Promise<void> {
  for (const kind of KIND) {
    await engine.command(createRowTable(kind));
    const stored = await engine.query<{ name: string; type: string }>(
      'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {kind:String}',
      { kind },
    );
    const types = new Map(stored.map(({ name, type }) => [name, type]));
    for (const column of storedColumns(kind)) {
      const change = alteration(kind, column, types.get(column.name));
      if (change !== undefined) await engine.command(change);
    }
  }
}

function alteration(kind: Kind, column: StoredColumn, type: string | undefined): string | undefined {
  if (type === column.type) return undefined;
  if (type === undefined) return `ALTER TABLE ${kind} ADD COLUMN IF NOT EXISTS ${definition(column)}`;
  if (type.startsWith('Enum8') && column.type.startsWith(type.slice(0, -1)))
    return `ALTER TABLE ${kind} MODIFY COLUMN ${definition(column)}`;
  throw new StoreError(
    'store_migration_changed',
    `Table ${kind} holds ${column.name} as ${type}, this version writes ${column.type}. Start with an empty data directory or database, or run the version that made this one.`,
  );
}

function definition({ name, type, codec, comment }: StoredColumn): string {
  return `${name} ${type}${comment ? ` COMMENT ${quote(comment)}` : ''} CODEC(${codec})`;
}
