// Creates tables whose columns follow a list in another file, and adds columns that the list has gained.
import type { Engine } from './engine.ts';
import { StoreError } from './engine.ts';

export type Column = { name: string; type: string; codec: string; comment?: string };
/** `create`: the whole statement. `columns`: those that may be added to an existing table. */
export type FollowedTable = { name: string; create: string; columns: readonly Column[] };

/**
 * Limit of columns of a table together with its local table. rows.h has some hundred members, and columns that left the list stay.
 */
const COLUMNS_MAX = 2000;

type Held = { name: string; type: string; codec: string };

export function definition({ name, type, codec, comment }: Column): string {
  return `${name} ${type}${comment ? ` COMMENT '${comment.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : ''} CODEC(${codec})`;
}

/**
 * Creates the table, adds columns, extends enums, and sets the codecs for new rows. Several collectors may do so at once.
 * @throws StoreError `store_migration_changed` if the type of a column has changed in another way
 */
export async function follow(engine: Pick<Engine, 'define' | 'query'>, { name: table, create, columns }: FollowedTable): Promise<void> {
  await engine.define(create);
  // On a cluster the local table has the codecs; it comes second here.
  const held = await engine.query<Held>(
    `SELECT name, type, compression_codec AS codec FROM system.columns
WHERE database = currentDatabase() AND table IN ({table:String}, concat({table:String}, '_local')) ORDER BY table`,
    { table },
    COLUMNS_MAX,
  );
  const found = new Map(held.map((column) => [column.name, column]));
  for (const column of columns) {
    const change = alteration(table, column, found.get(column.name));
    if (change !== undefined) await engine.define(change);
  }
}

function alteration(table: string, column: Column, held: Held | undefined): string | undefined {
  if (held === undefined) return `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${definition(column)}`;
  const { type, codec } = held;
  // The engine adds the width to `Delta`, which it takes from the type, so the width is ignored.
  if (type === column.type && codec.replace(/\b((?:Double)?Delta)\(\d+\)/, '$1') === `CODEC(${column.codec})`) return undefined;
  if (type === column.type || (type.startsWith('Enum8') && column.type.startsWith(type.slice(0, -1))))
    return `ALTER TABLE ${table} MODIFY COLUMN ${definition(column)}`;
  throw new StoreError(
    'store_migration_changed',
    `Table ${table} holds ${column.name} as ${type}, this version writes ${column.type}. Start with an empty data directory or database, or run the version that made this one.`,
  );
}
