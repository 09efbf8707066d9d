// What resets, drops, listeners and namespaces add: their figures in the rollup, rows withheld in accounts, and the pod of a
// cgroup. What was stored before has 0, or nothing, in the new columns. Applied: this text never changes.
import type { Migration } from '../migrations.ts';

export const ALL_KINDS: Migration = {
  number: 3,
  name: 'all_kinds',
  statements: [
    // A view is made anew and not altered: after MODIFY QUERY the engine forgets, at its next start, the tokens of what the
    // view has already taken.
    'ALTER TABLE cgroup ADD COLUMN IF NOT EXISTS pod_uid String AFTER container_id',
    'ALTER TABLE account ADD COLUMN IF NOT EXISTS withheld UInt64 CODEC(T64, ZSTD(1)) AFTER ring_lost',
    'ALTER TABLE account_history ADD COLUMN IF NOT EXISTS withheld UInt64 CODEC(T64, ZSTD(1)) AFTER ring_lost',
    'DROP VIEW IF EXISTS account_from_history SYNC',
    'CREATE MATERIALIZED VIEW IF NOT EXISTS account_from_history TO account AS SELECT * FROM account_history',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS unattributed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS spurious SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS undos SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS resets_sent SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS resets_received SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS dropped SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS accepted SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS listener_drops SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS listener_rows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS listen_overflows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS zero_windows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS host_retrans SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS host_unattributed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS namespace_rows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    'DROP VIEW IF EXISTS rollup_1m_from_retransmit SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_retransmit TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
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
    'DROP VIEW IF EXISTS rollup_1m_from_connection SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_connection TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
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
  sumIf(unattributed, event != 'open') AS unattributed,
  sumIf(retrans_spurious, event != 'open') AS spurious,
  sumIf(undos, event != 'open') AS undos,
  sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), event = 'close' AND srtt_us > 0) AS rtt
FROM connection
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    'DROP VIEW IF EXISTS rollup_1m_from_sample SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_sample TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
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
    'DROP VIEW IF EXISTS rollup_1m_from_reset SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_reset TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  countIf(direction = 'sent') AS resets_sent,
  countIf(direction = 'received') AS resets_received
FROM reset
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    'DROP VIEW IF EXISTS rollup_1m_from_drop SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_drop TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  count() AS dropped
FROM drop
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    'DROP VIEW IF EXISTS rollup_1m_from_listener SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_listener TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  sum(accepted) AS accepted,
  sum(drops) AS listener_drops,
  count() AS listener_rows
FROM listener
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
    'DROP VIEW IF EXISTS rollup_1m_from_namespace SYNC',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_namespace TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  sum(listen_overflows) AS listen_overflows,
  sum(to_zero_window) AS zero_windows,
  sum(retrans_segs) AS host_retrans,
  sum(namespace.unattributed) AS host_unattributed,
  count() AS namespace_rows
FROM namespace
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`,
  ],
};
