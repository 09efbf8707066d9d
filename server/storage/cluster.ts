// The tables on a cluster: turns every statement that makes or changes a table into those that do so on all servers. Rows and the tables
// counted from them are sharded by host: `sample_local` is on each server and replicated within its shard; `sample`, above it, reads all
// shards and sends each inserted row to its host's shard. All other tables are replicated to every server, so that each server's
// dictionaries read its own copy. Inserts and queries use the same names as on a single server.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { StoreError } from './engine.ts';

/** The tables that are sharded. A view belongs to the table that it reads. */
export const SHARDED: ReadonlySet<string> = new Set([...KIND, 'rollup_1m', 'rollup_1h', 'rollup_1d', 'stored']);

/** All rows of a host are on one shard, so rows are grouped by host without other shards. */
const SHARDING_KEY = 'cityHash64(host_id)';

/** Settings of every request: an insert returns when the shards have its rows, and a subquery over shards runs once for all of them. */
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
 * The statements to run in place of one that is meant for a single server, in order.
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

/** A view runs on the server where rows arrive, between that server's tables. The alias is there because expressions may name the table. */
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
