// A store on a ClickHouse server or cluster. Any number of collectors may share it: a row that several insert is one by its identity, and
// several may run every statement that makes or changes a table at the same time.
import { type ClickHouseOptions, connect } from './clickhouse.ts';
import { storeOn } from './engine-store.ts';
import type { Store } from './store.ts';

/**
 * Connects, and creates the database where it is missing.
 * @throws StoreError `store_unavailable` if nothing answers at the URL
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<Store> {
  return storeOn(await connect(options));
}
