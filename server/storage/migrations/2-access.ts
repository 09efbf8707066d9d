// Who may do what, and who did. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const ACCESS: Migration = {
  number: 2,
  name: 'access',
  statements: [
    `CREATE TABLE IF NOT EXISTS access_record (
  kind LowCardinality(String),
  id String,
  version UInt64 COMMENT 'the largest counts',
  at DateTime64(3, 'UTC') DEFAULT now64(3),
  body String COMMENT 'JSON; empty: it was removed' CODEC(ZSTD(1)),
  ends_at DateTime('UTC') COMMENT 'nobody needs it any more; 2100: never'
) ENGINE = ReplacingMergeTree(version)
ORDER BY (kind, id)
TTL ends_at + INTERVAL 1 DAY`,
    `CREATE TABLE IF NOT EXISTS audit (
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  id UInt64 COMMENT 'random: tells two entries of one moment apart',
  actor String COMMENT 'who did it',
  actor_kind LowCardinality(String),
  role LowCardinality(String),
  address String COMMENT 'from where',
  action LowCardinality(String),
  target String COMMENT 'to what',
  outcome LowCardinality(String) COMMENT 'done, or the code of the refusal',
  detail String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, id)
TTL toDateTime(at) + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1`,
  ],
};
