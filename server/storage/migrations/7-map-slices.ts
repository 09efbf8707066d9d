// An hour of the map whose connections are mostly those of one service: its ends are cut finer, and what slices give is put aside, too.
// Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const MAP_SLICES: Migration = {
  number: 7,
  name: 'map-slices',
  statements: [
    // It had rows only while an hour was built. The table that follows it has another name: a step may run while another collector, which has
    // done it, builds an hour.
    'DROP TABLE IF EXISTS map_end',
    // A partition is dropped when its hour has been built; what a killed collector has left goes after a day.
    `CREATE TABLE IF NOT EXISTS map_sliced_end (
  build UInt64 COMMENT 'version of the hour that is being built' CODEC(ZSTD(1)),
  part UInt32 COMMENT 'by both addresses, so both ends of a connection have the same' CODEC(ZSTD(1)),
  slice UInt8 COMMENT 'by the port of the client, likewise' CODEC(ZSTD(1)),
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
ORDER BY (build, part, slice)
TTL made + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1`,
    // Dropped with its hour's ends.
    `CREATE TABLE IF NOT EXISTS map_between (
  build UInt64 COMMENT 'version of the hour that is being built' CODEC(ZSTD(1)),
  part UInt32 CODEC(ZSTD(1)),
  made DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  client_seen Bool COMMENT 'an agent watches this end' CODEC(ZSTD(1)),
  client_host UInt64 CODEC(ZSTD(1)),
  client_owner Tuple(String, UInt64) COMMENT 'name, cgroup_id' CODEC(ZSTD(1)),
  client_addr IPv6 CODEC(ZSTD(1)),
  server_seen Bool CODEC(ZSTD(1)),
  server_host UInt64 CODEC(ZSTD(1)),
  server_owner Tuple(String, UInt64) CODEC(ZSTD(1)),
  server_addr IPv6 CODEC(ZSTD(1)),
  server_port UInt16 CODEC(ZSTD(1)),
  last DateTime64(9, 'UTC') COMMENT 'time of the newest row' CODEC(Delta, ZSTD(1)),
  over UInt64 CODEC(ZSTD(1)),
  open UInt64 CODEC(ZSTD(1)),
  failed UInt64 CODEC(ZSTD(1)),
  resets UInt64 CODEC(ZSTD(1)),
  bytes UInt64 CODEC(ZSTD(1)),
  data_segs_out UInt64 CODEC(ZSTD(1)),
  resent UInt64 CODEC(ZSTD(1)),
  needless UInt64 CODEC(ZSTD(1)),
  client_rtt Map(Int16, UInt64) CODEC(ZSTD(1)),
  server_rtt Map(Int16, UInt64) CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY build
ORDER BY (build, part)
TTL made + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1`,
  ],
};
