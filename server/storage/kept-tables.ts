// Reads the retention and size of each table, and changes the retention. The retention is in the tables' TTL only and recorded nowhere
// else.

import { type Engine, StoreError } from './engine.ts';
import { classOf, DAYS_MAX, plainTable, RETENTION, type RetentionClass, TABLES_MAX } from './retention-classes.ts';

/** `class` is '' for tables that are never aged. `days` is null where a class is kept for ever. */
export type KeptTable = {
  table: string;
  class: RetentionClass | '';
  rows: number;
  bytes: number;
  oldest: string;
  days: number | null;
};
/** A log of the ClickHouse server itself: of queries, parts and so on. */
export type SystemLog = { table: string; bytes: number; days: number | null };

const DAYS_KEPT = `if(match(engine_full, 'toIntervalDay\\\\(\\\\d+\\\\)'), toUInt32OrNull(extract(engine_full, 'toIntervalDay\\\\((\\\\d+)\\\\)')), NULL)`;

/** All tables of tcplens, the largest first. */
export async function keptTables(engine: Pick<Engine, 'query' | 'command' | 'define'>): Promise<KeptTable[]> {
  const [parts, tables] = await Promise.all([
    engine.query<{ table: string; rows: number; bytes: number; oldest: string }>(
      `SELECT table, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes, min(partition) AS oldest FROM system.parts AS p
WHERE database = currentDatabase() AND active GROUP BY table ORDER BY bytes DESC LIMIT ${TABLES_MAX}`,
      {},
      TABLES_MAX,
    ),
    engine.query<{ name: string; days: number | null }>(
      `SELECT name, ${DAYS_KEPT} AS days FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'
ORDER BY total_bytes DESC LIMIT ${TABLES_MAX}`,
      {},
      TABLES_MAX,
    ),
  ]);
  const sizes = new Map(parts.map(({ table, ...size }) => [table, size]));
  const kept = tables.map(({ name, days }) => {
    const { rows = 0, bytes = 0, oldest = '' } = sizes.get(name) ?? {};
    return {
      table: plainTable(name),
      class: classOf(name) ?? ('' as const),
      rows,
      bytes,
      oldest: oldest === 'tuple()' ? '' : oldest,
      days,
    };
  });
  return kept.sort((a, b) => b.bytes - a.bytes || a.table.localeCompare(b.table));
}

export async function systemLogs(engine: Pick<Engine, 'query' | 'command' | 'define'>): Promise<SystemLog[]> {
  const found = await engine.query<SystemLog>(
    `SELECT name AS table, toUInt64(ifNull(total_bytes, 0)) AS bytes, ${DAYS_KEPT} AS days FROM system.tables
WHERE database = 'system' AND name LIKE '%\\_log%' AND engine LIKE '%MergeTree' ORDER BY bytes DESC LIMIT ${TABLES_MAX}`,
    {},
    TABLES_MAX,
  );
  return found;
}

/** Changes the retention of a class. The change reads one column of each table; the engine removes older rows later, by itself. */
export async function keep(engine: Pick<Engine, 'query' | 'command' | 'define'>, name: RetentionClass, days: number): Promise<void> {
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX) {
    throw new StoreError('store_query_failed', `${days} cannot be a number of days to keep: 1 to ${DAYS_MAX}.`);
  }
  const { tables, moment } = RETENTION[name];
  for (const table of tables) {
    await engine.define(
      `ALTER TABLE ${table} MODIFY TTL ${moment} + INTERVAL ${days} DAY SETTINGS materialize_ttl_after_modify = 1, mutations_sync = 1`,
    );
  }
}

/** Changes the retention of the server's own logs. It holds until the server's configuration creates a log anew. */
export async function keepSystemLogs(engine: Pick<Engine, 'query' | 'command' | 'define'>, days: number): Promise<void> {
  for (const { table } of await systemLogs(engine)) {
    await engine.define(
      `ALTER TABLE system.${table} MODIFY TTL event_date + INTERVAL ${days} DAY SETTINGS materialize_ttl_after_modify = 1`,
    );
  }
}
