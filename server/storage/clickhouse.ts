// A ClickHouse server or cluster by URL. Rows stream as the request's body, as the log holds them.
import { createReadStream } from 'node:fs';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { reasonOf } from '../errors.ts';
import { bounded, given } from './bounds.ts';
import { quote, rawStructure } from './columns.ts';
import { insertReport } from './entities.ts';
import { migrate } from './migrations.ts';
import { checkSegment, checkWritten, DEDUPLICATE_SELECT, insertStatement } from './segment-insert.ts';
import { type Engine, failingAs, type Segment, type Store, StoreError } from './store.ts';

export type ClickHouseOptions = { url: string; database: string; username?: string; password?: string };

/**
 * Connects, and creates the database where it is missing.
 * @throws StoreError `store_unavailable` if nothing answers at the URL
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<Store> {
  const engine = await connect(options);
  return {
    ...engine,
    migrate: () => migrate(engine),
    insertReport: (report) => insertReport(engine, report),
    // The server has outlived the collector, so its tokens tell.
    insertUnsettled: async (segments) => {
      for (const segment of segments) await engine.insertSegment(segment);
    },
  };
}

async function connect(options: ClickHouseOptions): Promise<Engine> {
  const { url, database, username = 'default', password = '' } = options;
  const login = { url, username, password, request_timeout: 60_000, log: { level: ClickHouseLogLevel.OFF } };
  const first = createClient(login);
  try {
    await first.command({ query: `CREATE DATABASE IF NOT EXISTS ${identifier(database)}` });
    const known = await first.query({
      query: `SELECT name FROM system.settings WHERE name = '${DEDUPLICATE_SELECT}'`,
      format: 'JSONEachRow',
    });
    const knowsDeduplicateSelect = (await known.json()).length > 0;
    return remoteEngine(createClient({ ...login, database }), options, knowsDeduplicateSelect);
  } catch (cause) {
    throw new StoreError('store_unavailable', `No ClickHouse answers at ${new URL(url).host} as ${username}: ${reasonOf(cause)}`, {
      cause,
    });
  } finally {
    await first.close();
  }
}

function remoteEngine(
  client: ClickHouseClient,
  { database, username, password }: ClickHouseOptions,
  knowsDeduplicateSelect: boolean,
): Engine {
  const query = <Row>(sql: string, params: Record<string, unknown> = {}) =>
    failingAs('store_query_failed', async () => {
      const result = await client.query({ query: bounded(sql), query_params: given(params), format: 'JSONEachRow' });
      return await result.json<Row>();
    });
  const insert = async (segment: Segment): Promise<void> => {
    checkSegment(segment);
    const source = `input(${quote(rawStructure(segment.kind))})`;
    const { stream, summary } = await client.exec({
      query: `${insertStatement(segment, source, knowsDeduplicateSelect)} FORMAT RowBinary`,
      values: createReadStream(segment.path),
      // Without it the answer's headers, and the count in them, are sent before the rows are stored.
      clickhouse_settings: { wait_end_of_query: 1 },
    });
    stream.resume();
    checkWritten(segment, Number(summary?.written_rows ?? 0));
  };
  const credentials = username === undefined ? '' : `USER ${quote(username)} PASSWORD ${quote(password ?? '')}`;
  return {
    backend: 'clickhouse',
    query,
    insertSegment: (segment) => failingAs('store_insert_failed', () => insert(segment)),
    command: (sql) => failingAs('store_query_failed', async () => void (await client.command({ query: sql }))),
    insertObjects: (table, values) =>
      failingAs(
        'store_insert_failed',
        async () => void (await client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } })),
      ),
    place: (statement) => statement.replaceAll('{database}', identifier(database)).replaceAll('{dictionary_source}', () => credentials),
    // A server refreshes its dictionaries by itself, every few seconds.
    reloadDictionaries: async () => undefined,
    ping: async () => void (await query('SELECT 1')),
    close: () => client.close(),
  };
}

/** A database's name in SQL, where no parameter can stand. */
function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new StoreError('store_unavailable', `${name} cannot be a database here: letters, digits and _ only.`);
}
