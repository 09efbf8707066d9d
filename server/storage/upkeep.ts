// The type of a store's upkeep: rollups and retention, which the collector runs regularly, and the questions of operators.
import { randomUUID } from 'node:crypto';
import type { StoreDamage } from '../api/health.ts';
import { AccountingRefresh } from './accounting-refresh.ts';
import { filledBy } from './asker.ts';
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
  /** Builds minutes that are over. @returns number of pieces of five minutes that were built */
  makeMinutes(now_ms: number): Promise<number>;
  /**
   * Builds again minutes whose rows came late, and hours and days of rollup and accounting whose minutes have changed. Also corrects losses
   * of rows that are stored after all.
   * @returns number of pieces that were built
   */
  refresh(now_ms: number): Promise<number>;
  /** Drops the oldest days while the tables are larger than `size`. @returns what was dropped */
  retain(size: RetentionSize, now_ms: number): Promise<Dropped[]>;
  /** The days that `retain` has dropped, newest first. */
  dropped(limit: number): Promise<(Dropped & { at_ms: number })[]>;
  tables(): Promise<KeptTable[]>;
  systemLogs(): Promise<SystemLog[]>;
  /** Changes the retention of a class of tables. */
  keep(name: RetentionClass, days: number): Promise<void>;
  /** Changes the retention of a server's own logs. */
  keepSystemLogs(days: number): Promise<void>;
  migrations(): Promise<MigrationState[]>;
  /** What the files of the embedded engine have lost. Of a ClickHouse server nothing is checked. */
  damage(now_ms: number): Promise<StoreDamage>;
  /** Ends what is being built or checked, in the middle of a statement too: it fails. What is not published is built again later. */
  stop(): void;
};

/** @param known the tables that the embedded engine had before; undefined for a server */
export function upkeepOf(engine: Engine, known?: KnownTables): Upkeep {
  const stopping = new AbortController();
  const stoppable = filledBy(engine, { id: `upkeep-${randomUUID()}`, left: stopping.signal });
  const minutes = new MinuteRefresh(stoppable);
  const tiers = new TierRefresh(stoppable);
  const losses = new FoundLosses(stoppable);
  const accounting = new AccountingRefresh(stoppable);
  return {
    makeMinutes: (now_ms) => minutes.due(now_ms),
    refresh: async (now_ms) => {
      let pieces = (await minutes.late()) + (await tiers.run(now_ms));
      try {
        await losses.run(now_ms);
      } finally {
        pieces += await accounting.run(now_ms);
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
      known === undefined ? { lost_tables: [], broken_parts: [], missing_rows: [] } : damageOf(stoppable, known, now_ms),
    stop: () => stopping.abort(),
  };
}
