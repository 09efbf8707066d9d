// The tables on a cluster: every statement that makes or changes one becomes the statements that do so on all servers. Rows and
// what is counted from them are sharded by host: `sample_local` on each server, replicated within its shard, and `sample` above it,
// which reads all shards and hands what is inserted to the host's one. All other tables are one, replicated to every server, so
// that dictionaries read what is there. Inserts and queries keep the names that they have on a single server.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { StoreError } from './engine.ts';

/** Tables that are split over shards. A view belongs to the table that it reads. */
export const SHARDED: ReadonlySet<string> = new Set([...KIND, 'rollup_1m', 'rollup_1h', 'rollup_1d', 'stored']);

/** Of a host, all is on one shard: what is grouped by host is grouped there. */
const SHARDING_KEY = 'cityHash64(host_id)';

/** Sent with every request: an insert returns when the shards have it, and a subquery over shards is asked once, for all of them. */
export const CLUSTER_SETTINGS = { distributed_foreground_insert: 1, distributed_product_mode: 'global' } as const;

type Form = { pattern: RegExp; rewrite: (found: string[], place: Place) => string[] };
type Place = { cluster: string; statement: string };

const NAME = '([A-Za-z_][A-Za-z0-9_]*)';
const FORMS: readonly Form[] = [
  { pattern: new RegExp(`^CREATE TABLE IF NOT EXISTS ${NAME} \\(`), rewrite: createTable },
  { pattern: new RegExp(`^CREATE MATERIALIZED VIEW IF NOT EXISTS ${NAME} TO ${NAME} AS`), rewrite: createView },
  { pattern: new RegExp(`^CREATE DICTIONARY IF NOT EXISTS ${NAME} `), rewrite: onAll },
  { pattern: new RegExp(`^ALTER TABLE ${NAME} `), rewrite: alterTable },
  { pattern: new RegExp(`^(?:DROP TABLE IF EXISTS|TRUNCATE TABLE) ${NAME}`), rewrite: dropTable },
  { pattern: new RegExp(`^DROP (?:VIEW|DICTIONARY) IF EXISTS ${NAME}`), rewrite: onAll },
  { pattern: /^INSERT INTO /, rewrite: (_, { statement }) => [statement] },
];

/**
 * What has to be run in place of a statement that is meant for one server, in order.
 * @throws StoreError `store_query_failed` for a form that this file does not know
 */
export function onCluster(statement: string, cluster: string): string[] {
  for (const { pattern, rewrite } of FORMS) {
    const found = pattern.exec(statement);
    if (found) return rewrite([...found], { cluster, statement });
  }
  throw new StoreError('store_query_failed', `nobody has said what this statement is on a cluster: ${statement.slice(0, 100)}`);
}

function createTable([head = '', table = '']: string[], { cluster, statement }: Place): string[] {
  const sharded = SHARDED.has(table);
  const path = sharded ? '/clickhouse/tables/{shard}/{database}/{table}' : '/clickhouse/tables/{database}/{table}';
  const replica = sharded ? '{replica}' : '{shard}-{replica}';
  const replicated = statement
    .slice(head.length)
    .replace(/^\) ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/m, (_, engine: string, options = '') => {
      const own = options === '' ? '' : `, ${options}`;
      return `) ENGINE = Replicated${engine}('${path}', '${replica}'${own})`;
    });
  const local = `CREATE TABLE IF NOT EXISTS ${sharded ? localOf(table) : table} ON CLUSTER ${cluster} (${replicated}`;
  return sharded ? [local, distributed('CREATE TABLE IF NOT EXISTS', table, cluster)] : [local];
}

function distributed(create: string, table: string, cluster: string): string {
  const local = localOf(table);
  return `${create} ${table} ON CLUSTER ${cluster} AS ${local}
ENGINE = Distributed(${cluster}, currentDatabase(), ${local}, ${SHARDING_KEY})`;
}

/** A view runs where rows arrive, from table to table of that server. The alias: expressions may name the table. */
function createView([head = '', view = '', target = '']: string[], { cluster, statement }: Place): string[] {
  const select = statement
    .slice(head.length)
    .replace(new RegExp(`\\bFROM ${NAME}\\b`), (from, table: string) => (SHARDED.has(table) ? `FROM ${localOf(table)} AS ${table}` : from));
  const to = SHARDED.has(target) ? localOf(target) : target;
  return [`CREATE MATERIALIZED VIEW IF NOT EXISTS ${view} ON CLUSTER ${cluster} TO ${to} AS${select}`];
}

function alterTable([head = '', table = '']: string[], { cluster, statement }: Place): string[] {
  const change = statement.slice(head.length);
  if (!SHARDED.has(table)) return [`ALTER TABLE ${table} ON CLUSTER ${cluster} ${change}`];
  const changed = `ALTER TABLE ${localOf(table)} ON CLUSTER ${cluster} ${change}`;
  return /^(ADD|MODIFY|DROP|RENAME) COLUMN\b/.test(change) ? [changed, distributed('CREATE OR REPLACE TABLE', table, cluster)] : [changed];
}

function dropTable([head = '', table = '']: string[], { cluster, statement }: Place): string[] {
  const verb = head.slice(0, -table.length);
  const rest = statement.slice(head.length);
  const names = !SHARDED.has(table) ? [table] : verb.startsWith('DROP') ? [table, localOf(table)] : [localOf(table)];
  return names.map((name) => `${verb}${name} ON CLUSTER ${cluster}${rest}`);
}

function onAll([head = '']: string[], { cluster, statement }: Place): string[] {
  return [`${head.trimEnd()} ON CLUSTER ${cluster} ${statement.slice(head.length).trimStart()}`.trimEnd()];
}

function localOf(table: string): string {
  return `${table}_local`;
}
