// Hosts, processes, cgroups and namespaces that agents report, and their accounts: tables, dictionaries, and a report's rows.
import type { AgentReport, KindAccount } from '../../agent/batch-envelope.ts';
import { DEDUPLICATION_WINDOW, ROWS_KEPT_DAYS } from './row-tables.ts';
import type { Engine } from './store.ts';

/** Twice as long as the longest table they name: an agent reports an entity when it meets it, and not again. */
const ENTITIES_KEPT_DAYS = 180;

/** One row a key, the newest report's. */
const newest = (key: string, columns: string) => `(
${columns}
) ENGINE = ReplacingMergeTree(at)
ORDER BY (${key})
TTL toDateTime(at) + INTERVAL ${ENTITIES_KEPT_DAYS} DAY
SETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;

/** The columns of an account. */
export const COUNTS = [
  'seen',
  'sent',
  'queued',
  'ring_lost',
  'queue_dropped',
  'rejected',
] as const satisfies readonly (keyof KindAccount)[];
export type Counts = Pick<KindAccount, (typeof COUNTS)[number]>;

const counts = COUNTS.map((name) => `  ${name} UInt64 CODEC(T64, ZSTD(1))`).join(',\n');
const account = `  host_id UInt64,
  epoch UInt64,
  kind LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
${counts}`;

/** `{dictionary_source}` stands for the database and credentials, which differ from one installation to the next. */
const dictionary = (name: string, key: string, columns: string, table: string) => `CREATE DICTIONARY IF NOT EXISTS ${name} (
  ${columns}
) PRIMARY KEY ${key}
SOURCE(CLICKHOUSE({dictionary_source} QUERY 'SELECT ${columns.replaceAll(/ (UInt64|String)/g, '')} FROM {database}.${table} FINAL'))
LIFETIME(MIN 5 MAX 10)
LAYOUT(COMPLEX_KEY_HASHED())`;

/** Tables and dictionaries, in the order of creation. */
export const ENTITY_STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS host ${newest(
    'host_id',
    `  host_id UInt64,
  epoch UInt64,
  at DateTime64(3, 'UTC'),
  name String,
  machine LowCardinality(String),
  kernel LowCardinality(String),
  agent_version LowCardinality(String),
  hooks Array(Tuple(name String, attached Bool, reason String))`,
  )}`,
  `CREATE TABLE IF NOT EXISTS process ${newest(
    'host_id, pid, started_at',
    `  host_id UInt64,
  pid UInt64,
  started_at DateTime64(3, 'UTC'),
  at DateTime64(3, 'UTC'),
  name LowCardinality(String),
  command String CODEC(ZSTD(1)),
  cgroup_id UInt64`,
  )}`,
  `CREATE TABLE IF NOT EXISTS cgroup ${newest(
    'host_id, cgroup_id',
    `  host_id UInt64,
  cgroup_id UInt64,
  at DateTime64(3, 'UTC'),
  path String,
  container_id String,
  unit String,
  label String MATERIALIZED if(container_id != '', substring(container_id, 1, 12), unit)`,
  )}`,
  `CREATE TABLE IF NOT EXISTS netns ${newest(
    'host_id, netns',
    `  host_id UInt64,
  netns UInt64,
  at DateTime64(3, 'UTC'),
  inode UInt64,
  name String`,
  )}`,
  `CREATE TABLE IF NOT EXISTS account_history (
${account}
) ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
ORDER BY (toStartOfHour(at), host_id, epoch, kind, at)
TTL toDateTime(at) + INTERVAL ${ROWS_KEPT_DAYS} DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`,
  `CREATE TABLE IF NOT EXISTS account ${newest('host_id, epoch, kind', account)}`,
  'CREATE MATERIALIZED VIEW IF NOT EXISTS account_from_history TO account AS SELECT * FROM account_history',
  dictionary('host_name', 'host_id', 'host_id UInt64, name String', 'host'),
  dictionary('cgroup_label', 'host_id, cgroup_id', 'host_id UInt64, cgroup_id UInt64, label String', 'cgroup'),
];

/** Refreshed by hand in the embedded engine, which never does so by itself. */
export const DICTIONARIES = ['host_name', 'cgroup_label'] as const;

/** A host's name in SQL; its id in hex where no report has named it yet. `host_id`: an expression, no alias of the same name. */
export const hostName = (host_id: string) =>
  `dictGetOrDefault('host_name', 'name', tuple(${host_id}), lower(leftPad(hex(${host_id}), 16, '0')))`;

/** Container (short id), else systemd unit, else ''. */
export const containerName = (host_id: string, cgroup_id: string) =>
  `dictGetOrDefault('cgroup_label', 'label', (${host_id}, ${cgroup_id}), '')`;

/** What a report adds to each table, as JSONEachRow wants it. Times are decimal ms: DateTime64(3) as a number of ms. */
export function reportRows(
  report: AgentReport,
  now_ms: number,
): Record<'host' | 'process' | 'cgroup' | 'netns' | 'account_history', object[]> {
  const host_id = BigInt(`0x${report.host_id}`).toString();
  const epoch = BigInt(`0x${report.epoch}`).toString();
  // An agent whose clock is ahead must not outlive its own later reports.
  const at = Math.min(report.at_ms, now_ms);
  return {
    host: [{ host_id, epoch, at, ...report.host, hooks: report.hooks }],
    process: report.processes.map(({ started_at_ms, ...process }) => ({ host_id, at, started_at: started_at_ms, ...process })),
    cgroup: report.cgroups.map((cgroup) => ({ host_id, at, ...cgroup })),
    netns: report.netns.map((netns) => ({ host_id, at, ...netns })),
    account_history: Object.entries(report.accounts).map(([kind, counts]) => ({ host_id, epoch, at, kind, ...counts })),
  };
}

/** Stores a report. Repeating it changes nothing: every table keeps one row a key. */
export async function insertReport(engine: Engine, report: AgentReport): Promise<void> {
  for (const [table, objects] of Object.entries(reportRows(report, Date.now()))) {
    if (objects.length > 0) await engine.insertObjects(table, objects);
  }
  await engine.reloadDictionaries();
}
