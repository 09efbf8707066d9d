// Where collectors that share one ClickHouse agree on who stores a batch. Only there: the embedded engine has one collector.

/** Days that claims stay: longer than an agent's spool keeps a batch, so that none is sent again after its claim has gone. */
const CLAIMS_KEPT_DAYS = 10;

/** Tokens of positions remembered: hours, at the pace of several collectors. A collector frozen for longer could write one twice. */
const POSITIONS_REMEMBERED = 100_000;

/** A position's token begins with it. */
export const CLAIMS_TOKENS = 'claims';

export const CLAIMS_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS claims (
  position UInt64 CODEC(Delta, ZSTD(1)),
  at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
  segment String CODEC(ZSTD(1)),
  kind LowCardinality(String),
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  first_sequence UInt64 CODEC(Delta, ZSTD(1)),
  last_sequence UInt64 CODEC(Delta, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY intDiv(position, 1000000)
ORDER BY (kind, host_id, epoch, last_sequence)
TTL toDateTime(at) + INTERVAL ${CLAIMS_KEPT_DAYS} DAY
SETTINGS ttl_only_drop_parts = 1, index_granularity = 512, non_replicated_deduplication_window = ${POSITIONS_REMEMBERED}`,
  // What is left of a log that nobody has written to for so long that all of it has gone: its tokens may still be noted.
  `CREATE TABLE IF NOT EXISTS claims_head (
  one UInt8,
  position SimpleAggregateFunction(max, UInt64)
) ENGINE = AggregatingMergeTree
ORDER BY one
SETTINGS non_replicated_deduplication_window = 10000`,
  `CREATE MATERIALIZED VIEW IF NOT EXISTS claims_head_from_claims TO claims_head AS
SELECT toUInt8(0) AS one, max(position) AS position FROM claims GROUP BY one`,
];
