// One table a kind, shaped by rows.h through rows.gen.ts.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { storedColumns } from './columns.ts';
import { definition, type FollowedTable } from './followed-table.ts';
import { IDENTITY } from './identity.ts';

/** Days that rows stay. A whole day's parts go at once. */
export const ROWS_KEPT_DAYS = 30;

/**
 * Sorting by time first and by connection within five minutes packs rows about twice as well as by time alone. The rest of the sorting key
 * is a row's identity, by which the engine keeps one of several copies; it is in no index, where it would only take memory.
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
