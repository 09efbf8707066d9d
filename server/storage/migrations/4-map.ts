// The hours of the map. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const MAP: Migration = {
  number: 4,
  name: 'map',
  statements: [
    // An end that no agent watches has the host 0, and is its network.
    `CREATE TABLE IF NOT EXISTS map_1h (
  start DateTime('UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(ZSTD(1)),
  client_host UInt64 CODEC(ZSTD(1)),
  client_comm LowCardinality(String) CODEC(ZSTD(1)),
  client_cgroup UInt64 CODEC(ZSTD(1)),
  client_network IPv6 COMMENT 'of its newest address' CODEC(ZSTD(1)),
  server_host UInt64 CODEC(ZSTD(1)),
  server_comm LowCardinality(String) CODEC(ZSTD(1)),
  server_cgroup UInt64 CODEC(ZSTD(1)),
  server_network IPv6 COMMENT 'of its newest address' CODEC(ZSTD(1)),
  server_port UInt16 CODEC(ZSTD(1)),
  both_ends Bool CODEC(ZSTD(1)),
  newest DateTime64(9, 'UTC') COMMENT 'of its rows' CODEC(Delta, ZSTD(1)),
  over UInt64 COMMENT 'connections that ended or failed' CODEC(T64, ZSTD(1)),
  open UInt64 COMMENT 'connections that did not' CODEC(T64, ZSTD(1)),
  failed UInt64 CODEC(T64, ZSTD(1)),
  resets UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  data_segs_out UInt64 CODEC(T64, ZSTD(1)),
  resent UInt64 CODEC(T64, ZSTD(1)),
  needless UInt64 CODEC(T64, ZSTD(1)),
  client_rtt Map(Int16, UInt64) COMMENT 'smoothed RTT, log2 buckets at scale 3' CODEC(ZSTD(1)),
  server_rtt Map(Int16, UInt64) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (start, client_host, client_comm, server_host, server_comm, server_port, client_cgroup, server_cgroup, client_network, server_network)
TTL start + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1`,
  ],
};
