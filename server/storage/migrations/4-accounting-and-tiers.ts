// What became of every row, a minute, host, kind and outcome (in place of an account since the agent's start); how many rows
// the tables were given; hours and days beside the minutes of the rollup; in which hours hosts were watched; and what retention
// has dropped. Applied: this text never changes.
import type { Migration } from '../migrations.ts';

/** As they were when this was written, like all that follows: what changes since has a migration of its own. */
const KINDS = ['retransmit', 'connection', 'state_change', 'sample', 'reset', 'congestion', 'drop', 'listener', 'namespace'] as const;

/** Where a table that carries data over goes at the end, a repetition must still find one to read, empty. */
const accountAgain = (table: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  host_id UInt64, epoch UInt64, kind LowCardinality(String), at DateTime64(3, 'UTC'),
  seen UInt64, sent UInt64, queued UInt64, ring_lost UInt64, withheld UInt64, queue_dropped UInt64, rejected UInt64
) ENGINE = ReplacingMergeTree
ORDER BY (host_id, epoch, kind, at)`;

/** The old account's columns → outcomes. What was queued is neither: it is what remains. */
const OUTCOMES = {
  seen: 'seen',
  sent: 'sent',
  ring_lost: 'ring_lost',
  withheld: 'withheld',
  queue_dropped: 'memory_dropped',
  rejected: 'rejected',
} as const;

const COLUMNS = Object.keys(OUTCOMES);
const RUN = 'PARTITION BY host_id, epoch, kind ORDER BY minute';
const each = (expression: (name: string) => string) => COLUMNS.map((name) => `${expression(name)} AS ${name}`).join(', ');

/** An account counts since the agent's start: a minute's share is what it adds to the largest figure before it. */
const CARRY_ACCOUNTS = `INSERT INTO accounting (minute, host_id, epoch, kind, outcome, reporter, rows)
SELECT minute, host_id, epoch, kind, told.1, '', told.2
FROM (
  SELECT minute, host_id, epoch, kind,
    arrayJoin([${Object.entries(OUTCOMES)
      .map(
        ([name, outcome]) =>
          `('${outcome}', ${name} - lagInFrame(${name}, 1, toUInt64(0)) OVER (${RUN} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))`,
      )
      .join(', ')}]) AS told
  FROM (
    SELECT minute, host_id, epoch, kind, ${each((name) => `max(m.${name}) OVER (${RUN})`)}
    FROM (
      SELECT toStartOfMinute(at) AS minute, host_id, epoch, kind, ${each((name) => `max(h.${name})`)}
      FROM (
        SELECT host_id, epoch, kind, at, ${COLUMNS.join(', ')} FROM account_history
        UNION ALL
        SELECT host_id, epoch, kind, at, ${COLUMNS.join(', ')} FROM account
      ) AS h
      GROUP BY minute, host_id, epoch, kind
    ) AS m
  )
)
WHERE told.2 > 0`;

/** Of reports every few seconds, what long ranges need: whether a host was watched at all. */
const HOURS_OF_REPORTS = 'SELECT DISTINCT toStartOfHour(at) AS hour, host_id FROM report';

const storedSelect = (kind: string) => `SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  '${kind}' AS kind,
  count() AS rows
FROM ${kind}
GROUP BY minute, host_id`;

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
  ],
  connection: [
    'count() AS rolled_rows',
    "countIf(event = 'open' AND NOT preexisting) AS opened",
    "countIf(event = 'open' AND NOT preexisting AND role != 'server') AS connected",
    "countIf(event = 'close') AS closed",
    "countIf(event = 'failed' AND role != 'server') AS failed",
    "countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received')) AS resets",
    "sumIf(data_segs_out_rest, event != 'open') AS data_segs_out",
    "sumIf(bytes_sent_rest, event != 'open') AS bytes_sent",
    "sumIf(bytes_received_rest, event != 'open') AS bytes_received",
    "sumIf(busy_us_rest, event != 'open') AS busy_us",
    "sumIf(rwnd_limited_us_rest, event != 'open') AS rwnd_limited_us",
    "sumIf(sndbuf_limited_us_rest, event != 'open') AS sndbuf_limited_us",
    "sumIf(interval_us_rest, event != 'open') AS sampled_us",
    "sumIf(unattributed, event != 'open') AS unattributed",
    "sumIf(retrans_spurious, event != 'open') AS spurious",
    "sumIf(undos, event != 'open') AS undos",
    "sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), event = 'close' AND srtt_us > 0) AS rtt",
  ],
  sample: [
    'count() AS rolled_rows',
    'sum(data_segs_out) AS data_segs_out',
    'sum(bytes_sent) AS bytes_sent',
    'sum(bytes_received) AS bytes_received',
    'sum(busy_us) AS busy_us',
    'sum(rwnd_limited_us) AS rwnd_limited_us',
    'sum(sndbuf_limited_us) AS sndbuf_limited_us',
    'sum(interval_us) AS sampled_us',
    'sumMapIf(map(toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1), toUInt64(1)), srtt_us > 0) AS rtt',
  ],
  reset: ['count() AS rolled_rows', "countIf(direction = 'sent') AS resets_sent", "countIf(direction = 'received') AS resets_received"],
  drop: ['count() AS rolled_rows', 'count() AS dropped'],
  listener: ['count() AS rolled_rows', 'sum(accepted) AS accepted', 'sum(drops) AS listener_drops', 'count() AS listener_rows'],
  namespace: [
    'count() AS rolled_rows',
    'sum(listen_overflows) AS listen_overflows',
    'sum(to_zero_window) AS zero_windows',
    'sum(retrans_segs) AS host_retrans',
    'sum(namespace.unattributed) AS host_unattributed',
    'count() AS namespace_rows',
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

const FIGURES = `
rolled_rows retrans_unknown retrans_fast retrans_slow_start retrans_rto retrans_tlp retrans_syn retrans_syn_ack retrans_refused
opened connected closed failed resets data_segs_out bytes_sent bytes_received busy_us
rwnd_limited_us sndbuf_limited_us sampled_us unattributed spurious undos resets_sent resets_received dropped
accepted listener_drops listener_rows listen_overflows zero_windows host_retrans host_unattributed namespace_rows`
  .trim()
  .split(/\s+/);

const piecesTable = (table: string, partition: string, days: number) => `CREATE TABLE IF NOT EXISTS ${table} (
  start DateTime('UTC') CODEC(Delta, ZSTD(1)),
  version UInt64 CODEC(ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  cgroup_id UInt64 CODEC(ZSTD(1)),
  comm LowCardinality(String),
  role Enum8('unknown' = 0, 'client' = 1, 'server' = 2),
  peer_network IPv6 COMMENT '/24 of IPv4, /64 of IPv6' CODEC(ZSTD(1)),
  service_port UInt16,
  others Bool COMMENT 'all keys of the host that are not kept, together',
  ${FIGURES.map((name) => `${name} UInt64 CODEC(T64, ZSTD(1))`).join(',\n  ')},
  rtt Map(Int16, UInt64) COMMENT 'smoothed RTT, log2 buckets at scale 3' CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY ${partition}
ORDER BY (start, host_id, comm, role, service_port, peer_network, cgroup_id)
TTL start + INTERVAL ${days} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`;

export const ACCOUNTING_AND_TIERS: Migration = {
  number: 4,
  name: 'accounting_and_tiers',
  statements: [
    `CREATE TABLE IF NOT EXISTS accounting (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  outcome LowCardinality(String),
  reporter LowCardinality(String) COMMENT 'empty: the agent',
  rows SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, kind, outcome, epoch, reporter, minute)
TTL minute + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    `CREATE TABLE IF NOT EXISTS report (
  host_id UInt64 CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  interval_ms UInt32 COMMENT 'between sweeps' CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
ORDER BY (toStartOfHour(at), host_id, epoch, at)
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    accountAgain('account_history'),
    accountAgain('account'),
    CARRY_ACCOUNTS,
    'INSERT INTO report (host_id, epoch, at, interval_ms) SELECT DISTINCT host_id, epoch, at, 10000 FROM account_history',
    `CREATE TABLE IF NOT EXISTS report_1h (
  hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, host_id)
TTL hour + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    'DROP VIEW IF EXISTS report_1h_from_report SYNC',
    `INSERT INTO report_1h (hour, host_id) ${HOURS_OF_REPORTS}`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS report_1h_from_report TO report_1h AS
${HOURS_OF_REPORTS}`,
    'DROP VIEW IF EXISTS account_from_history SYNC',
    'DROP TABLE IF EXISTS account_history SYNC',
    'DROP TABLE IF EXISTS account SYNC',

    `CREATE TABLE IF NOT EXISTS stored (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  host_id UInt64 CODEC(ZSTD(1)),
  kind LowCardinality(String),
  rows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (toStartOfHour(minute), host_id, kind, minute)
TTL minute + INTERVAL 180 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    // Nothing is inserted while tables migrate, so what is there is counted from the start, however often.
    ...KINDS.map((kind) => `DROP VIEW IF EXISTS stored_from_${kind} SYNC`),
    'TRUNCATE TABLE stored',
    ...KINDS.map(
      (kind) => `INSERT INTO stored (minute, host_id, kind, rows)
SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0
${storedSelect(kind)}`,
    ),
    ...KINDS.map(
      (kind) => `CREATE MATERIALIZED VIEW IF NOT EXISTS stored_from_${kind} TO stored AS
${storedSelect(kind)}`,
    ),

    'ALTER TABLE rollup_1m ADD COLUMN IF NOT EXISTS rolled_rows SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
    ...Object.entries(ROLLED).flatMap((one) => [`DROP VIEW IF EXISTS rollup_1m_from_${one[0]} SYNC`, rolledView(one)]),
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
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`,
    piecesTable('rollup_1h', 'toYYYYMM(start)', 400),
    piecesTable('rollup_1d', 'toYear(start)', 1825),
    `CREATE TABLE IF NOT EXISTS rollup_version (
  tier LowCardinality(String),
  start DateTime('UTC'),
  version UInt64 COMMENT 'the largest is read; its first digits are the time at which building it began, in ms',
  rolled_rows UInt64 COMMENT 'rows behind it, as in rollup_1m'
) ENGINE = ReplacingMergeTree(version)
ORDER BY (tier, start)
SETTINGS non_replicated_deduplication_window = 10000`,

    `CREATE TABLE IF NOT EXISTS retention (
  at DateTime64(3, 'UTC'),
  day String COMMENT 'the partition that was dropped from every table that had it',
  rows UInt64,
  bytes UInt64,
  limit_bytes UInt64
) ENGINE = MergeTree
ORDER BY at
TTL toDateTime(at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000`,
  ],
};
