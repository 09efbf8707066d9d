// The tables beside those of rows and figures, which follow rows.h and figures.ts by themselves. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const TABLES: Migration = {
  number: 1,
  name: 'tables',
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
TTL toDateTime(at) + INTERVAL 180 DAY`,
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
TTL toDateTime(at) + INTERVAL 180 DAY`,
    `CREATE TABLE IF NOT EXISTS cgroup (
  host_id UInt64,
  cgroup_id UInt64,
  at DateTime64(3, 'UTC'),
  path String,
  container_id String,
  unit String,
  pod_uid String,
  label String MATERIALIZED if(container_id != '', substring(container_id, 1, 12), unit)
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, cgroup_id)
TTL toDateTime(at) + INTERVAL 180 DAY`,
    `CREATE TABLE IF NOT EXISTS netns (
  host_id UInt64,
  netns UInt64,
  at DateTime64(3, 'UTC'),
  inode UInt64,
  name String
) ENGINE = ReplacingMergeTree(at)
ORDER BY (host_id, netns)
TTL toDateTime(at) + INTERVAL 180 DAY`,
    `CREATE TABLE IF NOT EXISTS report (
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  interval_ms UInt32 COMMENT 'between sweeps' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
ORDER BY (toStartOfHour(at), host_id, epoch, at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1`,
    `CREATE TABLE IF NOT EXISTS report_1h (
  hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, host_id)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS report_1h_from_report TO report_1h AS
SELECT DISTINCT toStartOfHour(at) AS hour, host_id FROM report`,
    `CREATE TABLE IF NOT EXISTS accounting (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  outcome LowCardinality(String),
  rows SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, kind, outcome, epoch, minute)
TTL minute + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1`,
    // Of batches, by those who have lost them: collectors, and agents, whose rows are in accounting, too. In no partitions: the same batch
    // may be told in different minutes, and counts once.
    `CREATE TABLE IF NOT EXISTS lost (
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  sequence UInt64 COMMENT 'of the batch, or the first of several; 0: of none that anybody knows' CODEC(Delta, ZSTD(1)),
  outcome LowCardinality(String),
  reporter LowCardinality(String) COMMENT 'of no batch: the run of the collector that counted',
  sequences SimpleAggregateFunction(max, Array(Tuple(UInt64, UInt64))) COMMENT 'of several batches: first and last of each range' CODEC(ZSTD(1)),
  minute SimpleAggregateFunction(min, DateTime('UTC')) COMMENT 'in which it was lost' CODEC(Delta, ZSTD(1)),
  rows SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
  sent_rows SimpleAggregateFunction(max, UInt64) COMMENT 'of the batches, as they were sent; 0: not known' CODEC(T64, ZSTD(1)),
  found SimpleAggregateFunction(max, UInt64) COMMENT 'of the rows: stored all the same, or named by another entry' CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY (host_id, epoch, kind, sequence, outcome, reporter)
TTL minute + INTERVAL 180 DAY`,
    `CREATE TABLE IF NOT EXISTS stored (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  version UInt64 CODEC(ZSTD(1)),
  rows UInt64 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, kind, minute)
TTL minute + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1`,
    `CREATE TABLE IF NOT EXISTS accounting_1h (
  start DateTime('UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  counted LowCardinality(String) COMMENT 'an outcome, or stored',
  rows UInt64 CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (start, host_id, kind, counted)
TTL start + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1`,
    `CREATE TABLE IF NOT EXISTS rollup_version (
  tier LowCardinality(String),
  start DateTime('UTC'),
  version UInt64 COMMENT 'the largest is read; its first digits are the time at which building it began, in ms',
  rolled_rows UInt64 COMMENT 'rows behind it'
) ENGINE = ReplacingMergeTree(version)
ORDER BY (tier, start)`,
    `CREATE TABLE IF NOT EXISTS late_piece (
  start DateTime('UTC') COMMENT 'of the five minutes that rows came late for',
  host_id UInt64,
  note UInt64 COMMENT 'of one insert',
  done UInt8,
  noted_at DateTime('UTC') DEFAULT now()
) ENGINE = ReplacingMergeTree(done)
ORDER BY (start, host_id, note)
TTL noted_at + INTERVAL 40 DAY`,
    `CREATE TABLE IF NOT EXISTS retention (
  at DateTime64(3, 'UTC'),
  day String COMMENT 'the partition that was dropped from every table that had it',
  rows UInt64,
  bytes UInt64,
  limit_bytes UInt64
) ENGINE = MergeTree
ORDER BY at
TTL toDateTime(at) + INTERVAL 180 DAY`,
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
