// How many bytes are kept, over all tables: beyond the limit the oldest day goes from every one.
import { quote } from './columns.ts';
import type { Engine } from './engine.ts';
import { plainTable, RETENTION, RETENTION_CLASSES, TABLES_MAX, tablesInSql } from './retention-classes.ts';

/** At most so many bytes, or such a share of the disk that the tables are on. */
export type RetentionSize = { bytes: number } | { share: number };

/** A day (or, of hours and days, a month or year) that was dropped to get below the limit. */
export type Dropped = { day: string; rows: number; bytes: number; limit_bytes: number };

type RetentionEngine = Pick<Engine, 'query' | 'define' | 'insertObjects'>;
type Partition = { table: string; partition: string; rows: number; bytes: number };
type Sizes = { total: number; last: number };

/** Once over the limit, so far below it: not a partition's worth of merges later it would be over again. */
const SLACK = 0.95;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** The tables whose partitions are days. */
const DAILY = tablesInSql(RETENTION_CLASSES.filter((name) => RETENTION[name].daily));
const OURS = `FROM system.parts AS p WHERE database = currentDatabase() AND active`;

/** In bytes: of all tables, and of those of `today` and after it that are kept by the day. */
async function sizes(engine: RetentionEngine, today: string): Promise<Sizes> {
  const [found] = await engine.query<Sizes>(
    `SELECT sum(bytes_on_disk) AS total, sumIf(bytes_on_disk, table IN ${DAILY} AND partition >= {today:String}) AS last ${OURS}`,
    { today },
    1,
  );
  return found ?? { total: 0, last: 0 };
}

/** The first partition that the condition leaves, in every table that has it. */
function firstOf(engine: RetentionEngine, where: string, params: { today: string } | { current: string }): Promise<Partition[]> {
  return engine.query<Partition>(
    `SELECT table, partition, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes ${OURS} AND ${where}
  AND partition = (SELECT min(partition) ${OURS} AND ${where})
GROUP BY table, partition ORDER BY table`,
    params,
    TABLES_MAX,
  );
}

/** The limit in bytes, of this node's disks. */
async function limitOf(engine: RetentionEngine, size: RetentionSize): Promise<number> {
  if ('bytes' in size) return Math.floor(size.bytes);
  const [disks] = await engine.query<{ bytes: number }>('SELECT sum(total_space) AS bytes FROM system.disks', {}, 1);
  return Math.floor((disks?.bytes ?? 0) * size.share);
}

/**
 * Drops the oldest days until the tables are below the limit. Hours and days of the rollups, which say much in little room, go
 * only when nothing but today is left; today goes only if it alone is over.
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

/** What goes next: one day of every table that has it. @param too_much whether the last days alone are over the limit */
async function oldestOf(engine: RetentionEngine, today: string, too_much: boolean): Promise<Partition[]> {
  const before = await firstOf(engine, `table IN ${DAILY} AND partition < {today:String}`, { today });
  if (before.length > 0) return before;
  if (too_much) return firstOf(engine, `table IN ${DAILY}`, { today });
  const over = `table NOT IN ${DAILY} AND partition != 'tuple()' AND NOT startsWith({current:String}, partition)`;
  return firstOf(engine, over, { current: today.replaceAll('-', '') });
}

const sum = (some: readonly Partition[], name: 'rows' | 'bytes') => some.reduce((total, partition) => total + partition[name], 0);

/** Without its guard a server refuses to drop more than 50 GB. */
async function dropPartition(engine: RetentionEngine, table: string, partition: string): Promise<void> {
  const expression = DAY.test(partition) ? quote(partition) : partition;
  await engine.define(`ALTER TABLE ${plainTable(table)} DROP PARTITION ${expression} SETTINGS max_partition_size_to_drop = 0`);
}

/** The newest that retention dropped, newest first. */
export function droppedDays(engine: Pick<Engine, 'query'>, limit: number): Promise<(Dropped & { at_ms: number })[]> {
  return engine.query(
    `SELECT toUnixTimestamp64Milli(at) AS at_ms, r.day AS day, rows, bytes, limit_bytes FROM retention AS r ORDER BY at DESC LIMIT {limit:UInt32}`,
    { limit },
    limit,
  );
}
