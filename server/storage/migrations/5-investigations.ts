// How far each investigation has come at each host. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const INVESTIGATIONS: Migration = {
  number: 5,
  name: 'investigations',
  statements: [
    `CREATE TABLE IF NOT EXISTS investigation_host (
  investigation String COMMENT 'id of its record',
  host_id UInt64,
  at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when a collector wrote it down',
  body String COMMENT 'JSON' CODEC(ZSTD(1)),
  ends_at DateTime('UTC') COMMENT 'nobody needs it any more; 2100: never'
) ENGINE = ReplacingMergeTree(at)
ORDER BY (investigation, host_id)
TTL ends_at + INTERVAL 1 DAY`,
  ],
};
