// One table a kind, shaped by rows.h through rows.gen.ts: created where missing, and brought up to it where rows.h has moved on.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
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

/** Of a kind's table and its local one: rows.h has some hundred members, and a column that it no longer has stays. */
const COLUMNS_MAX = 2000;

type Held = { name: string; type: string; codec: string };

/**
 * Creates the tables, adds columns that rows.h has gained, widens enums and sets the codec for what is written from now on. Throws
 * where a column changed its type otherwise.
 */
export async function migrateRowTables(engine: Engine): Promise<void> {
  for (const kind of KIND) {
    await engine.define(createRowTable(kind));
    // On a cluster the codecs are those of the local table, which comes second.
    const held = await engine.query<Held>(
      `SELECT name, type, compression_codec AS codec FROM system.columns
WHERE database = currentDatabase() AND table IN ({kind:String}, concat({kind:String}, '_local')) ORDER BY table`,
      { kind },
      COLUMNS_MAX,
    );
    const columns = new Map(held.map((column) => [column.name, column]));
    for (const column of storedColumns(kind)) {
      const change = alteration(kind, column, columns.get(column.name));
      if (change !== undefined) await engine.define(change);
    }
  }
}

function alteration(kind: Kind, column: StoredColumn, held: Held | undefined): string | undefined {
  if (held === undefined) return `ALTER TABLE ${kind} ADD COLUMN IF NOT EXISTS ${definition(column)}`;
  const { type, codec } = held;
  // The engine tells a delta's width, which it takes from the type.
  if (type === column.type && codec.replace(/\b((?:Double)?Delta)\(\d+\)/, '$1') === `CODEC(${column.codec})`) return undefined;
  if (type === column.type || (type.startsWith('Enum8') && column.type.startsWith(type.slice(0, -1))))
    return `ALTER TABLE ${kind} MODIFY COLUMN ${definition(column)}`;
  throw new StoreError(
    'store_migration_changed',
    `Table ${kind} holds ${column.name} as ${type}, this version writes ${column.type}. Start with an empty data directory or database, or run the version that made this one.`,
  );
}

function definition({ name, type, codec, comment }: StoredColumn): string {
  return `${name} ${type}${comment ? ` COMMENT ${quote(comment)}` : ''} CODEC(${codec})`;
}
