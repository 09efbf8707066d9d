// Stores the access records, and reads those that have changed.
import { RECORD_KINDS, type RecordKind, type StoredRecord } from '../access/records.ts';
import type { Engine, Queryable } from './engine.ts';

/** The year 2100, in s. A later time plus the TTL's day would overflow a DateTime, and the engine would delete records that never end. */
export const NEVER_S = 4_102_444_800;
const PAGE = 5000;
/** Each read goes back so far: servers' clocks may differ, and an insert may become visible late. */
const OVERLAP_MS = 30_000;

export async function insertAccess(engine: Pick<Engine, 'insertObjects'>, records: readonly StoredRecord[]): Promise<void> {
  if (records.length === 0) return;
  await engine.insertObjects(
    'access_record',
    records.map(({ kind, id, version, ends_ms, body }) => ({
      kind,
      id,
      version,
      body,
      ends_at: ends_ms === 0 ? NEVER_S : Math.min(NEVER_S, Math.floor(ends_ms / 1000)),
    })),
  );
}

/**
 * The records that were stored since `since_ms` by the store's clock, a page at a time, and also some that were stored shortly before.
 * Records that have ended are left out.
 */
export async function* accessSince(store: Queryable, since_ms: number): AsyncGenerator<(StoredRecord & { at_ms: number })[]> {
  let after = { kind: '', id: '' };
  for (;;) {
    const page = await store.query<StoredRecord & { at_ms: number }>(
      `SELECT kind, id, version, body, toUnixTimestamp64Milli(at) AS at_ms,
if(toUInt32(ends_at) = ${NEVER_S}, 0, toUInt64(toUInt32(ends_at)) * 1000) AS ends_ms
FROM access_record FINAL
WHERE (kind, id) > ({kind:String}, {id:String}) AND at >= fromUnixTimestamp64Milli({from_ms:Int64}) AND ends_at > now()
  AND kind IN (${RECORD_KINDS.map((kind) => `'${kind}'`).join(', ')})
ORDER BY kind, id LIMIT ${PAGE}`,
      { ...after, from_ms: Math.max(0, since_ms - OVERLAP_MS) },
      PAGE,
    );
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last;
  }
}

/**
 * A number that changes when records of the kind change. It may also change without that: older versions of a record count until they are
 * merged away. It is cheap to read, since the table is sorted by kind.
 */
export async function markOf(store: Queryable, kind: RecordKind): Promise<string> {
  const [found] = await store.query<{ mark: string }>(
    'SELECT toString(groupBitXor(cityHash64(id, version))) AS mark FROM access_record WHERE kind = {kind:String}',
    { kind },
    1,
  );
  return found?.mark ?? '';
}
