// Hosts, processes, cgroups and namespaces that agents report, and their accounts. Applied: this text never changes.
import type { Migration } from '../migrations.ts';

export const ENTITIES: Migration = {
  number: 1,
  name: 'entities',
  statements: [
    `CREATE TABLE IF NOT EXISTS host (
  host_id UInt64,
  epoch UInt64,
  at DateTime64(3, 'UTC'),
  name String,
  machine LowCardinality(String),
  kernel LowCardinality(String),
  agent_version LowCardinality(String),
  hooks Array(Tuple(name String, attached Bool, reason String))
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS process (
  host_id UInt64,
  pid UInt64,
  started_at DateTime64(3, 'UTC'),
  at DateTime64(3, 'UTC'),
  name LowCardinality(String),
  command String CODEC(ZSTD(1)),
  cgroup_id UInt64
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, pid, started_at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS cgroup (
  host_id UInt64,
  cgroup_id UInt64,
  at DateTime64(3, 'UTC'),
  path String,
  container_id String,
  unit String,
  label String MATERIALIZED if(container_id != '', substring(container_id, 1, 12), unit)
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, cgroup_id)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS netns (
  host_id UInt64,
  netns UInt64,
  at DateTime64(3, 'UTC'),
  inode UInt64,
  name String
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, netns)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS account_history (
  host_id UInt64,
  epoch UInt64,
  kind LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  seen UInt64 CODEC(T64, ZSTD(1)),
  sent UInt64 CODEC(T64, ZSTD(1)),
  queued UInt64 CODEC(T64, ZSTD(1)),
  ring_lost UInt64 CODEC(T64, ZSTD(1)),
  queue_dropped UInt64 CODEC(T64, ZSTD(1)),
  rejected UInt64 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
ORDER BY (toStartOfHour(at), host_id, epoch, kind, at)
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS account (
  host_id UInt64,
  epoch UInt64,
  kind LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  seen UInt64 CODEC(T64, ZSTD(1)),
  sent UInt64 CODEC(T64, ZSTD(1)),
  queued UInt64 CODEC(T64, ZSTD(1)),
  ring_lost UInt64 CODEC(T64, ZSTD(1)),
  queue_dropped UInt64 CODEC(T64, ZSTD(1)),
  rejected UInt64 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, epoch, kind)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS account_from_history TO account AS SELECT * FROM account_history`,
    `CREATE DICTIONARY IF NOT EXISTS host_name (
  host_id UInt64, name String
) PRIMARY KEY host_id
SOURCE(CLICKHOUSE({dictionary_source} QUERY 'SELECT host_id, name FROM {database}.host FINAL'))
LIFETIME(MIN 5 MAX 10)
LAYOUT(COMPLEX_KEY_HASHED())`,
    `CREATE DICTIONARY IF NOT EXISTS cgroup_label (
  host_id UInt64, cgroup_id UInt64, label String
) PRIMARY KEY host_id, cgroup_id
SOURCE(CLICKHOUSE({dictionary_source} QUERY 'SELECT host_id, cgroup_id, label FROM {database}.cgroup FINAL'))
LIFETIME(MIN 5 MAX 10)
LAYOUT(COMPLEX_KEY_HASHED())`,
  ],
};
