// The tables of minutes, hours and days, with a column for each figure. In entries from before a new figure, the figure is 0.

import { FIGURE_NAMES } from './figures.ts';
import { type Column, definition, type FollowedTable } from './followed-table.ts';

const PLAIN = 'ZSTD(1)';
const KEYS: readonly Column[] = [
  { name: 'version', type: 'UInt64', codec: PLAIN },
  { name: 'host_id', type: 'UInt64', codec: PLAIN },
  { name: 'cgroup_id', type: 'UInt64', codec: PLAIN },
  { name: 'comm', type: 'LowCardinality(String)', codec: PLAIN },
  { name: 'role', type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", codec: PLAIN },
  { name: 'peer_network', type: 'IPv6', codec: PLAIN, comment: '/24 of IPv4, /64 of IPv6' },
  { name: 'service_port', type: 'UInt16', codec: PLAIN },
];
const FIGURES: readonly Column[] = [
  ...FIGURE_NAMES.map((name) => ({ name, type: 'UInt64', codec: 'T64, ZSTD(1)' })),
  { name: 'rtt', type: 'Map(Int16, UInt64)', codec: PLAIN, comment: 'smoothed RTT, log2 buckets at scale 3' },
];
const OTHERS: Column = { name: 'others', type: 'Bool', codec: PLAIN, comment: 'all keys of the host that are not kept, together' };
const SORTED = 'host_id, comm, role, service_port, peer_network, cgroup_id';

type Shape = { name: string; time: string; more: readonly Column[]; kept_days: number; engine: string; partition: string; order: string };

function tableOf({ name, time, more, kept_days, engine, partition, order }: Shape): FollowedTable {
  const columns: readonly Column[] = [{ name: time, type: "DateTime('UTC')", codec: 'Delta, ZSTD(1)' }, ...KEYS, ...more, ...FIGURES];
  const create = `CREATE TABLE IF NOT EXISTS ${name} (
${columns.map((column) => `  ${definition(column)}`).join(',\n')}
) ENGINE = ${engine}
PARTITION BY ${partition}
ORDER BY (${order})
TTL ${time} + INTERVAL ${kept_days} DAY
SETTINGS ttl_only_drop_parts = 1`;
  return { name, create, columns };
}

const pieces = (name: string, partition: string, kept_days: number) =>
  tableOf({ name, time: 'start', more: [OTHERS], kept_days, engine: 'MergeTree', partition, order: `start, ${SORTED}` });

export const ROLLUP_TABLES: readonly FollowedTable[] = [
  tableOf({
    name: 'rollup_1m',
    time: 'minute',
    more: [],
    kept_days: 90,
    // Entries that are built again replace the old ones, so the table is read with FINAL.
    engine: 'ReplacingMergeTree(version)',
    partition: 'toDate(minute)',
    order: `toStartOfHour(minute), ${SORTED}, minute`,
  }),
  pieces('rollup_1h', 'toYYYYMM(start)', 400),
  pieces('rollup_1d', 'toYear(start)', 1825),
];
