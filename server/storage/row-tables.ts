// The tables of rows: one for each kind, with the columns of rows.h through rows.gen.ts.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { storedColumns } from './columns.ts';
import { definition, type FollowedTable } from './followed-table.ts';
import { IDENTITY } from './identity.ts';

/** The default retention of rows, in days. A day is removed as a whole. */
export const ROWS_KEPT_DAYS = 30;

/**
 * Sorting by five minutes and then by connection compresses rows about twice as well as sorting by time. The sorting key ends with the
 * row's identity, so that the engine keeps one of several copies. The primary key leaves the identity out, where it would only take memory.
 */
export function createRowTable(kind: Kind): string {
  const columns = [...storedColumns(kind), ...IDENTITY].map((column) => `  ${definition(column)}`);
  return `CREATE TABLE IF NOT EXISTS ${kind} (
${columns.join(',\n')}
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(time_ns)
PRIMARY KEY (toStartOfFiveMinutes(time_ns), host_id, connection_id, time_ns)
ORDER BY (toStartOfFiveMinutes(time_ns), host_id, connection_id, time_ns, ${IDENTITY.map(({ name }) => name).join(', ')})
TTL toDateTime(time_ns) + INTERVAL ${ROWS_KEPT_DAYS} DAY
SETTINGS ttl_only_drop_parts = 1`;
}

export const ROW_TABLES: readonly FollowedTable[] = KIND.map((kind) => ({
  name: kind,
  create: createRowTable(kind),
  columns: [...storedColumns(kind), ...IDENTITY],
}));
