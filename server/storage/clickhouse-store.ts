// A store on a ClickHouse server or cluster. Any number of collectors may share it: rows that several of them insert are merged by their
// identity, and statements that create or change tables may run several times at once.
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
