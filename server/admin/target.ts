// The store that `tcplens admin` works on: a ClickHouse server, a data directory that no process uses, or, where a collector uses it, that
// collector's API.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADMIN_API, type Migrations, type Retention, type RetentionChange, type Snapshot } from '../api/admin.ts';
import type { Config } from '../config.ts';
import { StartError } from '../errors.ts';
import { lockDataDirectory } from '../lock.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../storage/store.ts';
import { type Running, type RunningOptions, runningOn } from './running.ts';
import { takeSnapshot } from './snapshot.ts';
import { changeRetention, migrationsOf, retentionOf } from './tables.ts';

export type Target = {
  /** in words, for messages */
  name: string;
  migrations(): Promise<Migrations>;
  /** Applies pending migrations; nothing to do for a running collector. */
  migrate(): Promise<void>;
  retention(): Promise<Retention>;
  change(change: RetentionChange): Promise<Retention>;
  /** Puts a snapshot of tables and log into the data directory, see snapshot.ts. */
  snapshot(): Promise<Snapshot>;
  close(): Promise<void>;
};

/** @throws StartError `data_dir_locked`, `data_dir_unusable`, `not_ready`, StoreError `store_unavailable` */
export async function openTarget(options: Pick<Config, 'clickhouse' | 'cluster' | 'data'> & RunningOptions): Promise<Target> {
  const data = resolve(options.data);
  const engine = join(data, 'engine');
  if (options.clickhouse) return opened(await openStore(options, engine), options.clickhouse.host, data, () => undefined);
  if (!existsSync(engine)) {
    throw new StartError('data_dir_unusable', `${data} has no tables: name the collector's --data, or its --clickhouse.`);
  }
  try {
    const lock = lockDataDirectory(data);
    return opened(await openStore(options, engine), data, data, () => lock.release());
  } catch (error) {
    return running(runningOn({ ...options, data }, error));
  }
}

function opened(store: Store, name: string, data: string, release: () => void): Target {
  return {
    name,
    migrations: () => migrationsOf(store),
    migrate: () => store.migrate(),
    retention: () => retentionOf(store),
    change: (change) => changeRetention(store, change),
    snapshot: () => takeSnapshot(store, data),
    close: async () => {
      await store.close();
      release();
    },
  };
}

function running({ url, ask }: Running): Target {
  return {
    name: url,
    migrations: () => ask(ADMIN_API.migrations),
    migrate: async () => undefined,
    retention: () => ask(ADMIN_API.retention),
    change: (change) => ask(ADMIN_API.retention, change),
    snapshot: () => ask(ADMIN_API.snapshot, {}),
    close: async () => undefined,
  };
}
