// Opens the store that the options name: a ClickHouse server or cluster by URL, else the embedded engine.
import type { Config } from './config.ts';
import { openClickHouse } from './storage/clickhouse-store.ts';
import { openEmbedded } from './storage/embedded.ts';
import type { Store } from './storage/store.ts';

const DEFAULT_DATABASE = 'tcplens';

/** @param path of the embedded engine's directory @throws StoreError `store_unavailable` */
export function openStore({ clickhouse, cluster }: Pick<Config, 'clickhouse' | 'cluster'>, path: string): Promise<Store> {
  if (!clickhouse) return openEmbedded({ path });
  const { origin, username, password, pathname } = clickhouse;
  const login = username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const database = decodeURIComponent(pathname.slice(1)) || DEFAULT_DATABASE;
  return openClickHouse({ url: origin, database, ...login, ...(cluster === undefined ? {} : { cluster }) });
}
