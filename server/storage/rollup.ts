// rollup_1m: what ranges too long for rows are answered from. One row a minute, host, cgroup, process, role, peer network and
// service port, filled inline by one view a kind.
import { FIGURE_KINDS, FIGURE_NAMES, FIGURES, type FigureKind, PEER_NETWORK, RTT_BUCKET, RTT_COUNTS, SERVICE_PORT } from './figures.ts';
import { DEDUPLICATION_WINDOW } from './row-tables.ts';

/** Days that the rollup stays. */
export const ROLLUP_KEPT_DAYS = 90;

const KEYS = {
  minute: { type: "DateTime('UTC') CODEC(Delta, ZSTD(1))", from: "toStartOfMinute(time_ns, 'UTC')" },
  host_id: { type: 'UInt64 CODEC(ZSTD(1))', from: 'host_id' },
  cgroup_id: { type: 'UInt64 CODEC(ZSTD(1))', from: 'cgroup_id' },
  comm: { type: 'LowCardinality(String)', from: 'comm' },
  role: { type: "Enum8('unknown' = 0, 'client' = 1, 'server' = 2)", from: 'role' },
  peer_network: { type: "IPv6 COMMENT '/24 of IPv4, /64 of IPv6' CODEC(ZSTD(1))", from: PEER_NETWORK },
  service_port: { type: 'UInt16', from: SERVICE_PORT },
} as const;

/** The table and its views, in the order of creation. */
export function rollupStatements(): string[] {
  return [createRollup(), ...FIGURE_KINDS.map(createView)];
}

function createRollup(): string {
  const keys = Object.entries(KEYS).map(([name, { type }]) => `  ${name} ${type}`);
  const sums = FIGURE_NAMES.map((name) => `  ${name} SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))`);
  const rtt = "  rtt SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) COMMENT 'smoothed RTT, log2 buckets at scale 3' CODEC(ZSTD(1))";
  return `CREATE TABLE IF NOT EXISTS rollup_1m (
${[...keys, ...sums, rtt].join(',\n')}
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, comm, role, service_port, peer_network, cgroup_id, minute)
TTL minute + INTERVAL ${ROLLUP_KEPT_DAYS} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
}

function createView(kind: FigureKind): string {
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_${kind} TO rollup_1m AS
${rollupSelect(kind)}`;
}

/** Only what the kind knows: the rest of the rollup's columns default to 0. */
function expressions(kind: FigureKind): [name: string, expression: string][] {
  const keys = Object.entries(KEYS).map(([name, { from }]): [string, string] => [name, from]);
  const rtt: [string, string] = ['rtt', `sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]})`];
  return [...keys, ...Object.entries(FIGURES[kind]), ...(RTT_COUNTS[kind] === '0' ? [] : [rtt])];
}

/** The rollup's columns that a kind's rows fill, in the order of `rollupSelect`. */
export const ROLLUP_COLUMNS = Object.fromEntries(FIGURE_KINDS.map((kind) => [kind, expressions(kind).map(([name]) => name)])) as Record<
  FigureKind,
  string[]
>;

/** What a kind's rows add up to. @param where over its rows; all of them without */
export function rollupSelect(kind: FigureKind, where?: string): string {
  const columns = expressions(kind).map(([name, expression]) => `${expression} AS ${name}`);
  return `SELECT
  ${columns.join(',\n  ')}
FROM ${kind}${where === undefined ? '' : `\nWHERE ${where}`}
GROUP BY ${Object.keys(KEYS).join(', ')}`;
}
