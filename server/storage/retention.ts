// How many bytes are kept, over all tables: beyond the limit the oldest day goes from every one.
import { quote } from './columns.ts';
import { classOf, plainTable, RETENTION } from './retention-classes.ts';
import type { Engine } from './store.ts';

/** At most so many bytes, or such a share of the disk that the tables are on. */
export type RetentionSize = { bytes: number } | { share: number };

/** A day (or, of hours and days, a month or year) that was dropped to get below the limit. */
export type Dropped = { day: string; rows: number; bytes: number; limit_bytes: number };

type RetentionEngine = Pick<Engine, 'query' | 'define' | 'insertObjects'>;
type Partition = { table: string; partition: string; rows: number; bytes: number };

/** Once over the limit, so far below it: not a partition's worth of merges later it would be over again. */
const SLACK = 0.95;
/** What a start puts aside for a moment, and what was stored by whom: its partitions are no days, and without it a batch is stored twice. */
const NOT_FOR_RETENTION = /^(unsettled_|claims)/;
const DAY = /^\d{4}-\d\d-\d\d$/;

async function partitions(engine: RetentionEngine): Promise<Partition[]> {
  const found = await engine.query<Partition>(
    `SELECT table, partition, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts AS p
WHERE database = currentDatabase() AND active GROUP BY table, partition ORDER BY partition, table`,
  );
  return found.filter(({ table }) => !NOT_FOR_RETENTION.test(table));
}

/** The limit in bytes, of this node's disks. */
async function limitOf(engine: RetentionEngine, size: RetentionSize): Promise<number> {
  if ('bytes' in size) return Math.floor(size.bytes);
  const [disks] = await engine.query<{ bytes: number }>('SELECT sum(total_space) AS bytes FROM system.disks');
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
    const all = await partitions(engine);
    if (sum(all, 'bytes') <= target) return dropped;
    const oldest = oldestOf(all, today, limit_bytes);
    if (oldest === undefined) return dropped;
    for (const { table, partition } of oldest) await dropPartition(engine, table, partition);
    const record = { day: oldest[0]?.partition ?? '', rows: sum(oldest, 'rows'), bytes: sum(oldest, 'bytes'), limit_bytes };
    await engine.insertObjects('retention', [{ at: now_ms, ...record }]);
    dropped.push(record);
  }
}

/** What goes next: one day of every table that has it. */
function oldestOf(all: readonly Partition[], today: string, limit_bytes: number): Partition[] | undefined {
  const of = (daily: boolean) => all.filter(({ table }) => isDaily(table) === daily);
  const first = (some: readonly Partition[]) => {
    const [next] = some;
    return next === undefined ? undefined : some.filter(({ partition }) => partition === next.partition);
  };
  const days = of(true);
  const before = first(days.filter(({ partition }) => partition < today));
  if (before) return before;
  const alone = days.filter(({ partition }) => partition >= today);
  if (sum(alone, 'bytes') > limit_bytes) return first(alone);
  return first(of(false).filter(({ partition }) => partition !== 'tuple()' && !today.replaceAll('-', '').startsWith(partition)));
}

const isDaily = (table: string) => {
  const name = classOf(table);
  return name !== undefined && RETENTION[name].daily;
};

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
  );
}
