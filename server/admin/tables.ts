// The questions and changes of `tcplens admin`, to a store that is open.
import type { Migrations, Retention, RetentionChange } from '../api/admin.ts';
import type { Store } from '../storage/store.ts';

/** How many of the days that were dropped for the limit of size an answer names. */
const DROPPED_TOLD = 20;

export async function migrationsOf({ upkeep }: Pick<Store, 'upkeep'>): Promise<Migrations> {
  return { migrations: await upkeep.migrations() };
}

export async function retentionOf({ upkeep }: Pick<Store, 'upkeep'>): Promise<Retention> {
  const [tables, system_logs] = await Promise.all([upkeep.tables(), upkeep.systemLogs()]);
  // Tables of an earlier version, before a migration, may lack the table `retention`.
  const recorded = tables.some(({ table }) => table === 'retention');
  return { tables, system_logs, dropped: recorded ? await upkeep.dropped(DROPPED_TOLD) : [] };
}

export async function changeRetention(store: Pick<Store, 'upkeep'>, { class: name, days }: RetentionChange): Promise<Retention> {
  if (name === 'system_logs') await store.upkeep.keepSystemLogs(days);
  else await store.upkeep.keep(name, days);
  return retentionOf(store);
}
