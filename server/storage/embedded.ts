// The engine inside this process: chdb behind the ordinary client. This file hides its traps: settings that stay with the session, binary
// bodies that arrive corrupted, and inserts that succeed without having read a row.
import type { ClickHouseClient } from '@clickhouse/client';
import { turns } from '../../agent/process/turns.ts';
import { ask } from './answers.ts';
import { askersOf } from './asker.ts';
import { connect, startEngine } from './chdb.ts';
import { quote, segmentStructure } from './columns.ts';
import { Connection } from './connections.ts';
import { type Asker, type Engine, failingAs, type Segment, StoreError } from './engine.ts';
import { freezeInto } from './engine-files.ts';
import { storeOn } from './engine-store.ts';
import { DICTIONARIES } from './entities.ts';
import { fillStatement } from './fill.ts';
import { GiveWay } from './give-way.ts';
import { KnownTables } from './known-tables.ts';
import { TABLES_MAX } from './retention-classes.ts';
import { checkSegment, checkWritten, insertStatement } from './segment-insert.ts';
import type { Store } from './store.ts';

const DATABASE = 'default';

/**
 * A connection runs one statement at a time. Queries have their own connections, so that none waits for an insert.
 */
const READERS = 2;

/** Suffix of the engine's directory: the file beside it that lists its tables. */
export const KNOWN_TABLES = '-tables.json';

/** The tables that have files. */
const TABLES = `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' LIMIT ${TABLES_MAX}`;

/** `file()` reads these characters in a path as patterns, and there is no way to escape them. */
const PATTERN = /[*?{}]/;

/**
 * Opens the data directory, and makes it if it is missing. Only one process may have it open, and a process only one directory.
 * @throws StoreError `store_unavailable`
 */
export async function openEmbedded(options: { path: string }): Promise<Store> {
  return storeOn(await openEmbeddedEngine(options), new KnownTables(`${options.path}${KNOWN_TABLES}`));
}

/** The bare engine, without the tables of a store. @param database is created if it is missing */
export async function openEmbeddedEngine({ path, database = DATABASE }: { path: string; database?: string }): Promise<Engine> {
  const started = await startEngine(path);
  const open = async () => {
    const client = await connect(path);
    if (database !== DATABASE) await client.command({ query: `USE ${database}` });
    return client;
  };
  if (database !== DATABASE) {
    const first = await connect(path);
    await first.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
    await first.close();
  }
  const engine = embeddedEngine(path, {
    started,
    writer: new Connection(open),
    readers: Array.from({ length: READERS }, () => new Connection(open)),
    overseer: new Connection(open),
  });
  await engine.ping();
  return engine;
}

/**
 * `started` is closed last. `writer` runs all statements that change something. There is at least one of `readers`. `overseer` watches and
 * ends statements of the other connections.
 */
type Connections = {
  started: Awaited<ReturnType<typeof startEngine>>;
  writer: Connection;
  readers: readonly Connection[];
  overseer: Connection;
};

function embeddedEngine(path: string, { started, writer, readers, overseer }: Connections): Engine {
  const { progress, untilLeft } = askersOf((sql, params, rows) => overseer.run((client) => ask(client, sql, params, rows)));
  const query = <Row>(sql: string, params: Record<string, unknown> = {}, rows?: number, asker?: Asker) =>
    failingAs('store_query_failed', () =>
      readers
        .reduce((idlest, each) => (each.waiting < idlest.waiting ? each : idlest))
        .run((client) => untilLeft(asker, () => ask<Row>(client, sql, params, rows, asker?.id))),
    );
  const execute = (sql: string) => writer.run((client) => executeAlone(client, sql));
  // The engine counts inserted rows for the whole process. One insert at a time, so that the count is its own.
  const inTurn = turns();
  const way = new GiveWay();
  const taken = async (): Promise<number> => {
    const [event] = await query<{ value: number }>("SELECT value FROM system.events WHERE event = 'InsertedRows'", {}, 1);
    return event?.value ?? 0;
  };
  const insert = async (segment: Segment): Promise<void> => {
    if (PATTERN.test(segment.path)) {
      throw new StoreError(
        'store_segment_unreadable',
        `${segment.path}: the engine cannot read from a path with * ? { or }. Choose another data directory.`,
      );
    }
    checkSegment(segment);
    const before = await taken();
    const source = `file(${quote(segment.path)}, RowBinary, ${quote(segmentStructure(segment.kind))})`;
    await execute(insertStatement(segment.kind, source));
    checkWritten(segment, (await taken()) - before);
  };
  const frozen = async (directory: string, beside: () => Promise<void>): Promise<void> => {
    const tables = await query<{ name: string }>(TABLES, {}, TABLES_MAX);
    await freezeInto(directory, { engine: path, tables, execute });
    await beside();
  };
  const command = (sql: string) => inTurn(() => failingAs('store_query_failed', () => execute(sql)));
  const place = (statement: string) =>
    statement.replaceAll('{database}', DATABASE).replaceAll('{dictionary_source}', '').replaceAll('{parts}', 'system.parts');
  return {
    backend: 'embedded',
    query,
    progress,
    insertSegment: (segment) =>
      way.insert(segment.is_behind ?? false, () => inTurn(() => failingAs('store_insert_failed', () => insert(segment)))),
    command,
    fill: async (filling, asker) => {
      await way.calm();
      await inTurn(() => failingAs('store_query_failed', () => untilLeft(asker, () => execute(fillStatement(filling, asker?.id)))));
    },
    insertObjects: (table, values) =>
      inTurn(() =>
        failingAs('store_insert_failed', () =>
          writer.run(async (client) => void (await client.insert({ table, values, format: 'JSONEachRow' }))),
        ),
      ),
    define: (statement) => command(place(statement)),
    freeze: (directory, beside) => inTurn(() => failingAs('store_freeze_failed', () => frozen(directory, beside))),
    place,
    reloadDictionaries: () =>
      failingAs('store_query_failed', async () => {
        for (const name of DICTIONARIES) await execute(`SYSTEM RELOAD DICTIONARY ${name}`);
      }),
    ping: async () => void (await query('SELECT 1', {}, 1)),
    close: () =>
      inTurn(async () => {
        for (const each of [...readers, overseer, writer]) await each.close();
        started.close();
      }),
  };
}

/** Runs a statement that returns no rows. Rows in its answer would come from another statement. */
async function executeAlone(client: ClickHouseClient, query: string): Promise<void> {
  const { stream } = await client.exec({ query });
  for await (const bytes of stream) {
    if ((bytes as Uint8Array).length > 0)
      throw new StoreError('store_answer_foreign', 'a statement that returns nothing was answered with rows');
  }
}
