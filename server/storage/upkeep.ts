// The type of a store's upkeep: rollups and retention, which the collector runs now and then, and what operators ask.
import type { StoreDamage } from '../api/health.ts';
import { AccountingRefresh } from './accounting-refresh.ts';
import { damageOf } from './damage.ts';
import type { Engine } from './engine.ts';
import { FoundLosses } from './found-losses.ts';
import { type KeptTable, keep, keepSystemLogs, keptTables, type SystemLog, systemLogs } from './kept-tables.ts';
import type { KnownTables } from './known-tables.ts';
import { listMigrations, type MigrationState } from './migrations.ts';
import { MinuteRefresh } from './minute-refresh.ts';
import { type Dropped, droppedDays, type RetentionSize, retain } from './retention.ts';
import type { RetentionClass } from './retention-classes.ts';
import { TierRefresh } from './tier-refresh.ts';

export type Upkeep = {
  /** Builds the minutes that are over. Ends early when `stop` aborts. @returns how many pieces of five minutes were built */
  makeMinutes(now_ms: number, stop?: AbortSignal): Promise<number>;
  /**
   * Builds minutes again whose rows came late, and hours and days whose minutes have changed, of the rollup and of the accounting; and takes
   * off what was named lost and is stored.
   * @returns how many pieces were built
   */
  refresh(now_ms: number, stop?: AbortSignal): Promise<number>;
  /** Drops the oldest days while the tables are larger than `size`. @returns what was dropped */
  retain(size: RetentionSize, now_ms: number): Promise<Dropped[]>;
  /** What `retain` dropped last, newest first. */
  dropped(limit: number): Promise<(Dropped & { at_ms: number })[]>;
  tables(): Promise<KeptTable[]>;
  systemLogs(): Promise<SystemLog[]>;
  /** Changes for how many days a class of tables is kept. */
  keep(name: RetentionClass, days: number): Promise<void>;
  /** Changes for how many days a server keeps its logs of itself. */
  keepSystemLogs(days: number): Promise<void>;
  migrations(): Promise<MigrationState[]>;
  /** What the files of the embedded engine have lost. A server is looked after by whoever runs it. */
  damage(now_ms: number): Promise<StoreDamage>;
};

/** @param known which tables there were; none of a server */
export function upkeepOf(engine: Engine, known?: KnownTables): Upkeep {
  const minutes = new MinuteRefresh(engine);
  const tiers = new TierRefresh(engine);
  const losses = new FoundLosses(engine);
  const accounting = new AccountingRefresh(engine);
  return {
    makeMinutes: (now_ms, stop) => minutes.due(now_ms, stop),
    refresh: async (now_ms, stop) => {
      let pieces = (await minutes.late(stop)) + (await tiers.run(now_ms, stop));
      try {
        await losses.run(now_ms, stop);
      } finally {
        pieces += await accounting.run(now_ms, stop);
      }
      return pieces;
    },
    retain: (size, now_ms) => retain(engine, size, now_ms),
    dropped: (limit) => droppedDays(engine, limit),
    tables: () => keptTables(engine),
    systemLogs: () => systemLogs(engine),
    keep: (name, days) => keep(engine, name, days),
    keepSystemLogs: (days) => keepSystemLogs(engine, days),
    migrations: () => listMigrations(engine),
    damage: async (now_ms) =>
      known === undefined ? { lost_tables: [], broken_parts: [], missing_rows: [] } : damageOf(engine, known, now_ms),
  };
}
