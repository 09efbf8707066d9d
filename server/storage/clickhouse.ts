// The engine that is a ClickHouse server or cluster at a URL. A segment is streamed as the body of a request, byte for byte as it is in the
// log.
import { createReadStream } from 'node:fs';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { reasonOf } from '../../agent/process/errors.ts';
import { ask } from './answers.ts';
import { askersOf } from './asker.ts';
import { CLUSTER_SETTINGS, onCluster } from './cluster.ts';
import { quote, segmentStructure } from './columns.ts';
import { type Asker, type Engine, failingAs, type Segment, StoreError } from './engine.ts';
import { fillStatement } from './fill.ts';
import { checkSegment, checkWritten, insertStatement } from './segment-insert.ts';

export type ClickHouseOptions = {
  url: string;
  database: string;
  username?: string;
  password?: string;
  /** The name of a cluster in the server's `remote_servers`: the tables are made on all of its servers. */
  cluster?: string;
};

/**
 * Connects, and creates the database where it is missing.
 * @throws StoreError `store_unavailable` if nothing answers at the URL
 */
export async function connect(options: ClickHouseOptions): Promise<Engine> {
  const { url, database, username = 'default', password = '' } = options;
  const login = { url, username, password, request_timeout: 60_000, log: { level: ClickHouseLogLevel.OFF } };
  const first = createClient(login);
  try {
    const everywhere = options.cluster === undefined ? '' : ` ON CLUSTER ${identifier(options.cluster)}`;
    await first.command({ query: `CREATE DATABASE IF NOT EXISTS ${identifier(database)}${everywhere}` });
    const settings = options.cluster === undefined ? {} : { clickhouse_settings: CLUSTER_SETTINGS };
    return remoteEngine(createClient({ ...login, ...settings, database }), options);
  } catch (cause) {
    throw new StoreError('store_unavailable', `No ClickHouse answers at ${new URL(url).host} as ${username}: ${reasonOf(cause)}`, {
      cause,
    });
  } finally {
    await first.close();
  }
}

function remoteEngine(client: ClickHouseClient, { database, username, password, cluster }: ClickHouseOptions): Engine {
  const { progress, untilLeft } = askersOf((sql, params, rows) => ask(client, sql, params, rows));
  const query = <Row>(sql: string, params: Record<string, unknown> = {}, rows?: number, asker?: Asker) =>
    failingAs('store_query_failed', () => untilLeft(asker, () => ask<Row>(client, sql, params, rows, asker?.id)));
  const insert = async (segment: Segment): Promise<void> => {
    checkSegment(segment);
    const source = `input(${quote(segmentStructure(segment.kind))})`;
    const { stream, summary } = await client.exec({
      query: `${insertStatement(segment.kind, source)} FORMAT RowBinary`,
      values: createReadStream(segment.path),
      // Without this setting the server sends the headers, with the count of rows, before the rows are stored.
      clickhouse_settings: { wait_end_of_query: 1 },
    });
    stream.resume();
    checkWritten(segment, Number(summary?.written_rows ?? 0));
  };
  const credentials = username === undefined ? '' : `USER ${quote(username)} PASSWORD ${quote(password ?? '')}`;
  const command = (sql: string) => failingAs('store_query_failed', async () => void (await client.command({ query: sql })));
  const place = (statement: string) =>
    statement
      .replaceAll('{database}', identifier(database))
      .replaceAll('{dictionary_source}', () => credentials)
      .replaceAll('{parts}', cluster === undefined ? 'system.parts' : `cluster(${identifier(cluster)}, system.parts)`);
  return {
    backend: 'clickhouse',
    query,
    progress,
    insertSegment: (segment) => failingAs('store_insert_failed', () => insert(segment)),
    command,
    fill: (filling, asker) => untilLeft(asker, () => command(fillStatement(filling, asker?.id))),
    insertObjects: (table, values) =>
      failingAs(
        'store_insert_failed',
        async () => void (await client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } })),
      ),
    define: async (statement) => {
      const placed = place(statement);
      for (const one of cluster === undefined ? [placed] : onCluster(placed, identifier(cluster))) await command(one);
    },
    place,
    freeze: async () => {
      throw new StoreError('store_freeze_failed', 'The tables are a ClickHouse server’s: back them up with its own BACKUP statement.');
    },
    // A server reloads its dictionaries itself, every few seconds.
    reloadDictionaries: async () => undefined,
    ping: async () => void (await query('SELECT 1', {}, 1)),
    close: () => client.close(),
  };
}

/** A name of a database or cluster as a SQL identifier, since it cannot be a parameter. */
function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new StoreError('store_unavailable', `${name} cannot be the name of a database or cluster here: letters, digits and _ only.`);
}
