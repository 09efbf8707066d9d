// Starts chdb, the engine inside this process, and connects to it. Its library has half a gigabyte, so it is loaded only when needed.
import { fileURLToPath } from 'node:url';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Session } from 'chdb';
import { reasonOf } from '../../agent/process/errors.ts';
import { makeDirectories } from '../../agent/process/make-directories.ts';
import { LIMITS } from '../limits.ts';
import { StoreError } from './engine.ts';

type ClickHouseOptions = NonNullable<Parameters<typeof createClient>[0]>;

/** The engine's defaults are caches of gigabytes, meant for a machine of its own. */
const ARGUMENTS = [
  `--config-file=${fileURLToPath(new URL('engine.xml', import.meta.url))}`,
  `--mark_cache_size=${LIMITS.engine_marks.number}`,
  `--query_condition_cache_size=${LIMITS.engine_conditions.number}`,
  `--compiled_expression_cache_size=${LIMITS.engine_compiled.number}`,
];

/**
 * Starts the engine, or joins it if it runs on this directory. It ends when this session and all connections are closed.
 * @throws StoreError `store_unavailable`
 */
export async function startEngine(path: string): Promise<Pick<Session, 'close'>> {
  const { Session } = await import('chdb');
  try {
    makeDirectories(path);
    // The first connection starts the engine, and only `Session` can pass arguments to it.
    return new Session(path, { connectionArgs: ARGUMENTS });
  } catch (cause) {
    throw new StoreError(
      'store_unavailable',
      `The embedded engine cannot open ${path}: ${reasonOf(cause)}. Is another collector using it? Else give another --data, or --clickhouse URL. If it is no directory of somebody else's, its files are damaged, and what the engine says of them is on stderr: see tcplens admin check-store, and bring a backup into a new directory with tcplens admin restore.`,
      { cause },
    );
  }
}

/** A connection to the started engine; it runs one statement at a time. */
export async function connect(path: string): Promise<ClickHouseClient> {
  const { createChdbConnection } = await import('chdb/connection');
  // chdb's types come from its own copy of the client package, version 1.23.0 and not 1.23.1.
  const connection: unknown = createChdbConnection({ path });
  return createClient({ log: { level: ClickHouseLogLevel.OFF }, connection: connection as NonNullable<ClickHouseOptions['connection']> });
}
