// The type of an engine, which runs statements and holds tables: the one inside this process, or a server at a URL. A store is built on it.
import type { AccountingEntry, LostBatches } from '../../agent/contract/agent-report.ts';
import { reasonOf, TcplensError } from '../../agent/process/errors.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';

/**
 * A sealed segment of the log: `rows` rows of one kind in the file at the absolute `path`, each with the trailer that identity.ts
 * describes. `oldest_ns`: none of the rows is older; undefined where nobody has looked at their times.
 */
export type Segment = { kind: Kind; path: string; rows: number; oldest_ns?: number | undefined };

/** How many rows of its host an agent reports with an outcome, for a minute. */
export type HostAccountingEntry = AccountingEntry & { host_id: string };

/**
 * How many rows of a batch the collector acknowledged, or took out of an acknowledged batch, and does not store. Where the batch is not
 * known, `sequence` is 0 and `reporter` names who counted; else `reporter` is ''. `sent_rows`: how many rows the batch had as it was sent, 0
 * where nobody knows. Of several counts with one key the largest is right.
 */
export type LostRows = AccountingEntry & { host_id: string; sequence: number; reporter: string; sent_rows: number };

/** Batches of its host that an agent has lost, as far as it knows. Their rows are in its accounting, too. */
export type HostLostBatches = LostBatches & { host_id: string };

/** Whoever waits for the answer to a question. `id`: by it the engine finds the question's statements while they run; letters, digits and `-`. `left` aborts when he has gone. */
export type Asker = { id: string; left: AbortSignal };

/** How far the statements of a question are that run now. `rows`: to be read, as far as the engine knows. */
export type Progress = { rows_read: number; rows: number; elapsed_ms: number };

export type Engine = {
  readonly backend: 'embedded' | 'clickhouse';
  /**
   * The rows of a bounded query. Values reach SQL only as `{name:Type}` parameters. 64-bit integers are returned as numbers, so ids need
   * toString().
   * @param rows that the answer can have at most, as the statement itself ensures; with more the query fails. Longer lists come in pages
   * @param asker who waits for it; undefined: nobody who could leave
   */
  query<Row>(sql: string, params?: Record<string, unknown>, rows?: number, asker?: Asker): Promise<Row[]>;
  /** How far the statements of an asker are; undefined: none runs. */
  progress(id: string): Promise<Progress | undefined>;
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
  /** Replaces `{database}`, `{dictionary_source}` and `{parts}` (system.parts of every node) in a statement. */
  place(statement: string): string;
  /**
   * Leaves the tables as they are now in the new `directory`, as hard links to their files, and runs `beside` before anything changes
   * them: what a kill at this moment would leave. Of the embedded engine only.
   */
  freeze(directory: string, beside: () => Promise<void>): Promise<void>;
  /** Makes the dictionaries read what has just been inserted, where they do not do so by themselves. */
  reloadDictionaries(): Promise<void>;
};

export type StoreErrorCode =
  | 'store_unavailable'
  | 'store_opening'
  | 'store_query_failed'
  | 'store_answer_foreign'
  | 'store_insert_failed'
  | 'store_rows_missing'
  | 'store_segment_unreadable'
  | 'store_migration_changed'
  | 'store_freeze_failed';

/** The error of every failure of a store. `code` is stable; `cause` is the engine's own error. */
export class StoreError extends TcplensError<StoreErrorCode> {}

/** Runs `work`. An error that is no StoreError becomes one. */
export async function failingAs<Result>(code: StoreErrorCode, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(code, reasonOf(cause), { cause });
  }
}

/** What a question needs of a store or an engine. */
export type Queryable = Pick<Engine, 'query'>;
