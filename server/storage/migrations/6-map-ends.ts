// Where an hour of the map has its connections' ends while it is built. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const MAP_ENDS: Migration = {
  number: 6,
  name: 'map-ends',
  statements: [
    // A partition is dropped when its hour has been built; what a killed collector has left goes after a day.
    `CREATE TABLE IF NOT EXISTS map_end (
  build UInt64 COMMENT 'version of the hour that is being built' CODEC(ZSTD(1)),
  part UInt32 COMMENT 'by both addresses, so both ends of a connection have the same' CODEC(ZSTD(1)),
  made DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  host_key UInt64 CODEC(ZSTD(1)),
  connection_key UInt64 CODEC(ZSTD(1)),
  comm LowCardinality(String) CODEC(ZSTD(1)),
  cgroup_id UInt64 CODEC(ZSTD(1)),
  role Enum8('unknown' = 0, 'client' = 1, 'server' = 2) CODEC(ZSTD(1)),
  local_addr IPv6 CODEC(ZSTD(1)),
  local_port UInt16 CODEC(ZSTD(1)),
  peer_addr IPv6 CODEC(ZSTD(1)),
  peer_port UInt16 CODEC(ZSTD(1)),
  last DateTime64(9, 'UTC') COMMENT 'time of its newest row' CODEC(Delta, ZSTD(1)),
  failed UInt64 CODEC(ZSTD(1)),
  resets UInt64 CODEC(ZSTD(1)),
  data_segs_out UInt64 CODEC(ZSTD(1)),
  retrans_data UInt64 CODEC(ZSTD(1)),
  spurious UInt64 CODEC(ZSTD(1)),
  bytes_sent UInt64 CODEC(ZSTD(1)),
  bytes_received UInt64 CODEC(ZSTD(1)),
  rtt Map(Int16, UInt64) CODEC(ZSTD(1)),
  over Bool CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY build
ORDER BY (build, part)
TTL made + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1`,
  ],
};
