// rollup_1m as it began. Applied: this text never changes.
import type { Migration } from '../migrations.ts';

export const ROLLUP_1M: Migration = {
  number: 2,
  name: 'rollup_1m',
  statements: [
    `CREATE TABLE IF NOT EXISTS rollup_1m (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  cgroup_id UInt64 CODEC(ZSTD(1)),
  comm LowCardinality(String),
  role Enum8('unknown' = 0, 'client' = 1, 'server' = 2),
  peer_network IPv6 COMMENT '/24 of IPv4, /64 of IPv6' CODEC(ZSTD(1)),
  service_port UInt16,
  retrans_unknown SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_fast SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_slow_start SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_rto SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_tlp SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_syn SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_syn_ack SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  retrans_refused SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  opened SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  connected SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  closed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  failed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  resets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  data_segs_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  bytes_sent SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  bytes_received SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  busy_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  rwnd_limited_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  sndbuf_limited_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  sampled_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  rtt SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) COMMENT 'smoothed RTT, log2 buckets at scale 3' CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, comm, role, service_port, peer_network, cgroup_id, minute)
TTL minute + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_retransmit TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  sumIf(segments, class = 'unknown' AND outcome != 'refused') AS retrans_unknown,
  sumIf(segments, class = 'fast' AND outcome != 'refused') AS retrans_fast,
  sumIf(segments, class = 'slow_start' AND outcome != 'refused') AS retrans_slow_start,
  sumIf(segments, class = 'rto' AND outcome != 'refused') AS retrans_rto,
  sumIf(segments, class = 'tlp' AND outcome != 'refused') AS retrans_tlp,
  sumIf(segments, class = 'syn' AND outcome != 'refused') AS retrans_syn,
  sumIf(segments, class = 'syn_ack' AND outcome != 'refused') AS retrans_syn_ack,
  sumIf(segments, outcome = 'refused') AS retrans_refused
FROM retransmit
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_connection TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  countIf(event = 'open' AND NOT preexisting) AS opened,
  countIf(event = 'open' AND NOT preexisting AND role != 'server') AS connected,
  countIf(event = 'close') AS closed,
  countIf(event = 'failed' AND role != 'server') AS failed,
  countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received')) AS resets,
  sumIf(data_segs_out_rest, event != 'open') AS data_segs_out,
  sumIf(bytes_sent_rest, event != 'open') AS bytes_sent,
  sumIf(bytes_received_rest, event != 'open') AS bytes_received,
  sumIf(busy_us_rest, event != 'open') AS busy_us,
  sumIf(rwnd_limited_us_rest, event != 'open') AS rwnd_limited_us,
  sumIf(sndbuf_limited_us_rest, event != 'open') AS sndbuf_limited_us,
  sumIf(interval_us_rest, event != 'open') AS sampled_us,
  sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), event = 'close' AND srtt_us > 0) AS rtt
FROM connection
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_sample TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  sum(data_segs_out) AS data_segs_out,
  sum(bytes_sent) AS bytes_sent,
  sum(bytes_received) AS bytes_received,
  sum(busy_us) AS busy_us,
  sum(rwnd_limited_us) AS rwnd_limited_us,
  sum(sndbuf_limited_us) AS sndbuf_limited_us,
  sum(interval_us) AS sampled_us,
  sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), srtt_us > 0) AS rtt
FROM sample
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
  ],
};
