// Keeps the size of all tables together below a limit: the oldest day is dropped from every table.
import { quote } from './columns.ts';
import type { Engine, Queryable } from './engine.ts';
import { plainTable, RETENTION, RETENTION_CLASSES, TABLES_MAX, tablesInSql } from './retention-classes.ts';

/** The limit, in bytes or as a share of the disk. */
export type RetentionSize = { bytes: number } | { share: number };

/** A day that was dropped because of the limit; for tables of hours or days it is a month or a year. */
export type Dropped = { day: string; rows: number; bytes: number; limit_bytes: number };

type RetentionEngine = Pick<Engine, 'query' | 'define' | 'insertObjects'>;
type Partition = { table: string; partition: string; rows: number; bytes: number };
type Sizes = { total: number; last: number };

/** When the limit is exceeded, days are dropped until this share of it is left, so that it is not exceeded again at once. */
const SLACK = 0.95;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** The tables whose partitions are days. */
const DAILY = tablesInSql(RETENTION_CLASSES.filter((name) => RETENTION[name].daily));
const OURS = `FROM system.parts AS p WHERE database = currentDatabase() AND active`;

/** Sizes in bytes: of all tables, and of the daily partitions of `today` and later. */
async function sizes(engine: RetentionEngine, today: string): Promise<Sizes> {
  const [found] = await engine.query<Sizes>(
    `SELECT sum(bytes_on_disk) AS total, sumIf(bytes_on_disk, table IN ${DAILY} AND partition >= {today:String}) AS last ${OURS}`,
    { today },
    1,
  );
  return found ?? { total: 0, last: 0 };
}

/** The oldest partition that meets the condition, in all tables that have it. */
function firstOf(engine: RetentionEngine, where: string, params: { today: string } | { current: string }): Promise<Partition[]> {
  return engine.query<Partition>(
    `SELECT table, partition, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes ${OURS} AND ${where}
  AND partition = (SELECT min(partition) ${OURS} AND ${where})
GROUP BY table, partition ORDER BY table`,
    params,
    TABLES_MAX,
  );
}

/** The limit in bytes. A share is one of the disks of the node that answers. */
async function limitOf(engine: RetentionEngine, size: RetentionSize): Promise<number> {
  if ('bytes' in size) return Math.floor(size.bytes);
  const [disks] = await engine.query<{ bytes: number }>('SELECT sum(total_space) AS bytes FROM system.disks', {}, 1);
  return Math.floor((disks?.bytes ?? 0) * size.share);
}

/**
 * Drops the oldest days until the tables are below the limit. The rollups of hours and days, which are small, are dropped only when no day
 * but today is left, and today only when it alone is over the limit.
 */
export async function retain(engine: RetentionEngine, size: RetentionSize, now_ms: number): Promise<Dropped[]> {
  const limit_bytes = await limitOf(engine, size);
  const today = new Date(now_ms).toISOString().slice(0, 10);
  const dropped: Dropped[] = [];
  for (let target = limit_bytes; ; target = limit_bytes * SLACK) {
    const { total, last } = await sizes(engine, today);
    if (total <= target) return dropped;
    const oldest = await oldestOf(engine, today, last > limit_bytes);
    if (oldest.length === 0) return dropped;
    for (const { table, partition } of oldest) await dropPartition(engine, table, partition);
    const record = { day: oldest[0]?.partition ?? '', rows: sum(oldest, 'rows'), bytes: sum(oldest, 'bytes'), limit_bytes };
    await engine.insertObjects('retention', [{ at: now_ms, ...record }]);
    dropped.push(record);
  }
}

/**
 * The partitions to drop next: one day of all tables that have it.
 * @param too_much whether the partitions from today on exceed the limit
 */
async function oldestOf(engine: RetentionEngine, today: string, too_much: boolean): Promise<Partition[]> {
  const before = await firstOf(engine, `table IN ${DAILY} AND partition < {today:String}`, { today });
  if (before.length > 0) return before;
  if (too_much) return firstOf(engine, `table IN ${DAILY}`, { today });
  const over = `table NOT IN ${DAILY} AND partition != 'tuple()' AND NOT startsWith({current:String}, partition)`;
  return firstOf(engine, over, { current: today.replaceAll('-', '') });
}

const sum = (some: readonly Partition[], name: 'rows' | 'bytes') => some.reduce((total, partition) => total + partition[name], 0);

/** The setting turns off the server's guard against dropping more than 50 GB. */
async function dropPartition(engine: RetentionEngine, table: string, partition: string): Promise<void> {
  const expression = DAY.test(partition) ? quote(partition) : partition;
  await engine.define(`ALTER TABLE ${plainTable(table)} DROP PARTITION ${expression} SETTINGS max_partition_size_to_drop = 0`);
}

/** The last `limit` days that were dropped, newest first. */
export function droppedDays(engine: Queryable, limit: number): Promise<(Dropped & { at_ms: number })[]> {
  return engine.query(
    `SELECT toUnixTimestamp64Milli(at) AS at_ms, r.day AS day, rows, bytes, limit_bytes FROM retention AS r ORDER BY at DESC LIMIT {limit:UInt32}`,
    { limit },
    limit,
  );
}
