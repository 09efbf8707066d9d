// An engine that runs statements and holds tables: the one inside this process, or a server by URL. The rest of a store is built on it.
import type { AccountingEntry } from '../../agent/contract/agent-report.ts';
import { reasonOf, TcplensError } from '../../agent/process/errors.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';

/** A sealed log file: `rows` rows of one kind at the absolute `path`, each with the trailer that identity.ts describes. */
export type Segment = { kind: Kind; path: string; rows: number };

/** What an agent says became of rows of its host, in a minute. */
export type HostAccountingEntry = AccountingEntry & { host_id: string };

/**
 * Rows that the collector acknowledged, or took out of what it acknowledged, and does not store: so many of this batch. `sequence` 0: of
 * no batch that anybody knows, as the collector's run `reporter` counted them, which else is ''. The largest count of a key counts.
 */
export type LostRows = AccountingEntry & { host_id: string; sequence: number; reporter: string };

export type Engine = {
  readonly backend: 'embedded' | 'clickhouse';
  /**
   * Rows of a bounded query. Values reach SQL only as `{name:Type}` parameters. 64-bit integers come as numbers: ids need toString().
   * @param rows that the answer can have at most, by what the statement says; with more it fails. What may be longer comes in pages
   */
  query<Row>(sql: string, params?: Record<string, unknown>, rows?: number): Promise<Row[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Adds the segment's rows to the kind's table. */
  insertSegment(segment: Segment): Promise<void>;
  /** Runs one statement that returns nothing. The text is the program's own. */
  command(sql: string): Promise<void>;
  /** Adds JSON objects to a table. */
  insertObjects(table: string, objects: readonly object[]): Promise<void>;
  /** Creates, alters or drops a table, view or dictionary. */
  define(statement: string): Promise<void>;
  /** Fills in a statement's `{database}`, `{dictionary_source}` and `{parts}` (system.parts, of every node). */
  place(statement: string): string;
  /**
   * Leaves the tables as they are now in the new `directory`, as hard links to their files, and runs `beside` before anything changes
   * them: what a kill at this moment would leave. Of the embedded engine only.
   */
  freeze(directory: string, beside: () => Promise<void>): Promise<void>;
  /** Makes what has just been inserted visible to the dictionaries, where that needs doing. */
  reloadDictionaries(): Promise<void>;
};

export type StoreErrorCode =
  | 'store_unavailable'
  | 'store_query_failed'
  | 'store_answer_foreign'
  | 'store_insert_failed'
  | 'store_rows_missing'
  | 'store_segment_unreadable'
  | 'store_migration_changed'
  | 'store_freeze_failed';

/** Every failure of a store. `code` is stable; `cause` is the engine's own error. */
export class StoreError extends TcplensError<StoreErrorCode> {}

/** Runs `work`; whatever else it throws becomes a StoreError. */
export async function failingAs<Result>(code: StoreErrorCode, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(code, reasonOf(cause), { cause });
  }
}
