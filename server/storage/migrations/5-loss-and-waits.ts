// Loss without probes, FINs and what was not needed, from the rows that also say what was sent; handshakes; packets that are missing, not
// merely freed; accept queues that overflowed; the longest turn and stall, which do not add up. Applied: this text never changes.
import type { Migration } from '../migrations.ts';

/** As they were when this was written, like all that follows. */
const ADDED = {
  retrans_data: 'sum',
  retrans_fin: 'sum',
  attempts: 'sum',
  syn_resent: 'sum',
  local_limited_us: 'sum',
  listener_overflows: 'sum',
  turn_max_us: 'max',
  stall_max_us: 'max',
} as const;

const PIECES = ['rollup_1h', 'rollup_1d'] as const;

/**
 * What was stored before did not say how much was data. Its classes say nearly that, and a minute is long enough for a ratio of
 * events to samples: without it, all that was lost until now would read as nothing. In the background, and the same however often.
 */
const JUDGED_BY_CLASS = ['rollup_1m', ...PIECES].map(
  (table) =>
    `ALTER TABLE ${table} UPDATE retrans_data = retrans_fast + retrans_slow_start + retrans_rto + retrans_unknown WHERE retrans_data = 0 AND retrans_fast + retrans_slow_start + retrans_rto + retrans_unknown > 0`,
);

const ROLLED = {
  retransmit: [
    'count() AS rolled_rows',
    "sumIf(segments, class = 'unknown' AND outcome != 'refused') AS retrans_unknown",
    "sumIf(segments, class = 'fast' AND outcome != 'refused') AS retrans_fast",
    "sumIf(segments, class = 'slow_start' AND outcome != 'refused') AS retrans_slow_start",
    "sumIf(segments, class = 'rto' AND outcome != 'refused') AS retrans_rto",
    "sumIf(segments, class = 'tlp' AND outcome != 'refused') AS retrans_tlp",
    "sumIf(segments, class = 'syn' AND outcome != 'refused') AS retrans_syn",
    "sumIf(segments, class = 'syn_ack' AND outcome != 'refused') AS retrans_syn_ack",
    "sumIf(segments, outcome = 'refused') AS retrans_refused",
    "sumIf(segments, bytes = 0 AND class NOT IN ('tlp', 'syn', 'syn_ack') AND outcome != 'refused') AS retrans_fin",
  ],
  connection: [
    'count() AS rolled_rows',
    "countIf(event = 'open' AND NOT preexisting) AS opened",
    "countIf(event = 'open' AND NOT preexisting AND role != 'server') AS connected",
    "countIf(event = 'close') AS closed",
    "countIf(event = 'failed' AND role != 'server') AS failed",
    "countIf(event != 'close' AND NOT preexisting) AS attempts",
    "sumIf(connection.retrans_syn + connection.retrans_syn_ack, event != 'close' AND NOT preexisting) AS syn_resent",
    "countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received')) AS resets",
    "sumIf(data_segs_out_rest, event != 'open') AS data_segs_out",
    "sumIf(retrans_data_rest, event != 'open') AS retrans_data",
    "sumIf(least(retrans_spurious_rest, retrans_data_rest), event != 'open') AS spurious",
    "sumIf(bytes_sent_rest, event != 'open') AS bytes_sent",
    "sumIf(bytes_received_rest, event != 'open') AS bytes_received",
    "sumIf(busy_us_rest, event != 'open' AND interval_us_rest >= greatest(200000, 10 * rtt_min_us)) AS busy_us",
    "sumIf(rwnd_limited_us_rest, event != 'open' AND interval_us_rest >= greatest(200000, 10 * rtt_min_us)) AS rwnd_limited_us",
    "sumIf(sndbuf_limited_us_rest, event != 'open' AND interval_us_rest >= greatest(200000, 10 * rtt_min_us)) AS sndbuf_limited_us",
    "sumIf(local_limited_us_rest, event != 'open' AND interval_us_rest >= greatest(200000, 10 * rtt_min_us)) AS local_limited_us",
    "sumIf(interval_us_rest, event != 'open' AND interval_us_rest >= greatest(200000, 10 * rtt_min_us)) AS sampled_us",
    "maxIf(turn_max_us, event != 'open') AS turn_max_us",
    "maxIf(stall_max_us, event != 'open') AS stall_max_us",
    "sumIf(unattributed, event != 'open') AS unattributed",
    "sumIf(undos, event != 'open') AS undos",
    "sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), event = 'close' AND srtt_us > 0) AS rtt",
  ],
  sample: [
    'count() AS rolled_rows',
    'sum(data_segs_out) AS data_segs_out',
    'sum(retrans_data) AS retrans_data',
    'sum(toUInt64(greatest(toInt64(retrans_spurious) - toInt64(retrans) + toInt64(sample.retrans_data), 0))) AS spurious',
    'sum(bytes_sent) AS bytes_sent',
    'sum(bytes_received) AS bytes_received',
    'sumIf(busy_us, interval_us >= greatest(200000, 10 * rtt_min_us)) AS busy_us',
    'sumIf(rwnd_limited_us, interval_us >= greatest(200000, 10 * rtt_min_us)) AS rwnd_limited_us',
    'sumIf(sndbuf_limited_us, interval_us >= greatest(200000, 10 * rtt_min_us)) AS sndbuf_limited_us',
    'sumIf(local_limited_us, interval_us >= greatest(200000, 10 * rtt_min_us)) AS local_limited_us',
    'sumIf(interval_us, interval_us >= greatest(200000, 10 * rtt_min_us)) AS sampled_us',
    'max(turn_max_us) AS turn_max_us',
    'max(stall_max_us) AS stall_max_us',
    'sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), srtt_us > 0) AS rtt',
  ],
  drop: ['count() AS rolled_rows', "countIf(meaning = 'lost') AS dropped"],
  listener: [
    'count() AS rolled_rows',
    'sum(accepted) AS accepted',
    'sum(overflows) AS listener_overflows',
    'sum(drops) AS listener_drops',
    'count() AS listener_rows',
  ],
} as const;

const rolledView = ([kind, figures]: [
  string,
  readonly string[],
]) => `CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_1m_from_${kind} TO rollup_1m AS
SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  cgroup_id AS cgroup_id,
  comm AS comm,
  role AS role,
  tupleElement(IPv6CIDRToRange(peer_addr, if(peer_addr BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 64)), 1) AS peer_network,
  multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port)) AS service_port,
  ${figures.join(',\n  ')}
FROM ${kind}
GROUP BY minute, host_id, cgroup_id, comm, role, peer_network, service_port`;

export const LOSS_AND_WAITS: Migration = {
  number: 5,
  name: 'loss_and_waits',
  statements: [
    ...Object.entries(ADDED).flatMap(([name, fold]) => [
      `ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS ${name} SimpleAggregateFunction(${fold}, UInt64) CODEC(T64, ZSTD(1))`,
      ...PIECES.map((table) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} UInt64 CODEC(T64, ZSTD(1))`),
    ]),
    ...JUDGED_BY_CLASS,
    ...Object.entries(ROLLED).flatMap((one) => [`DROP VIEW IF EXISTS rollup_1m_from_${one[0]} SYNC`, rolledView(one)]),
  ],
};
