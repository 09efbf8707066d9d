// What the collector asks of ClickHouse, whichever back end answers: the engine inside this process or a server by URL.
import type { AgentReport } from '../../agent/agent-report.ts';
import type { Kind } from '../../bpf/rows.gen.ts';
import { reasonOf } from '../errors.ts';

/** A sealed log file: `rows` raw rows of one kind at the absolute `path`. `token` names these bytes for ever. */
export type Segment = { kind: Kind; path: string; rows: number; token: string };

export type Store = {
  readonly backend: 'embedded' | 'clickhouse';
  /** Brings the tables to this version's shape; can be killed and started again at any point. */
  migrate(): Promise<void>;
  /** Stores the segment exactly once, rollup included, however often it is called with the same token and bytes. */
  insertSegment(segment: Segment): Promise<void>;
  /** Stores segments of which a crash has left nobody knowing whether they are stored. Nothing else may insert meanwhile. */
  insertUnsettled(segments: readonly Segment[]): Promise<void>;
  /** Hosts, processes, cgroups and namespaces that an agent learned, and its account. Repeating a report changes nothing. */
  insertReport(report: AgentReport): Promise<void>;
  /** Rows of a bounded query. Values reach SQL only as `{name:Type}` parameters. 64-bit integers come as numbers: ids need toString(). */
  query<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** What the two back ends do differently; the rest of a store is built on it. */
export type Engine = Pick<Store, 'backend' | 'insertSegment' | 'query' | 'ping' | 'close'> & {
  /** Runs one statement that returns nothing. The text is the program's own. */
  command(sql: string): Promise<void>;
  /** Adds JSON objects to a table. */
  insertObjects(table: string, objects: readonly object[]): Promise<void>;
  /** Fills in a statement's `{database}` and `{dictionary_source}`. */
  place(statement: string): string;
  /** Makes what has just been inserted visible to the dictionaries, where that needs doing. */
  reloadDictionaries(): Promise<void>;
};

export type StoreErrorCode =
  | 'store_unavailable'
  | 'store_query_failed'
  | 'store_insert_failed'
  | 'store_rows_missing'
  | 'store_segment_unreadable'
  | 'store_migration_changed';

/** Every failure of a store. `code` is stable; `cause` is the engine's own error. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Runs `work`; whatever else it throws becomes a StoreError. */
export async function failingAs<Result>(code: StoreErrorCode, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(code, reasonOf(cause), { cause });
  }
}
