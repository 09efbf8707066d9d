// The type of an engine: it runs statements and holds tables, either inside this process or as a server at a URL. A store is built on it.
import type { AccountingEntry, LostBatches } from '../../agent/contract/agent-report.ts';
import { reasonOf, TcplensError } from '../../agent/process/errors.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';

/**
 * A sealed segment of the log: `rows` rows of one kind in the file at the absolute `path`, each with the trailer that identity.ts
 * describes. `oldest_ns`: none of the rows is older; undefined where nobody has looked at their times. `is_behind`: so many live
 * segments wait that the log may soon refuse rows.
 */
export type Segment = { kind: Kind; path: string; rows: number; oldest_ns?: number | undefined; is_behind?: boolean };

/** A count of rows with one outcome in one minute, as the agent of a host reports it. */
export type HostAccountingEntry = AccountingEntry & { host_id: string };

/**
 * A count of acknowledged rows of a batch that the collector does not store. Where the batch is not known, `sequence` is 0 and `reporter`
 * names the segment that was counted; else `reporter` is ''. `sent_rows`: rows that the batch had as it was sent; 0 where that is not
 * known. Of several counts with the same key the largest is valid.
 */
export type LostRows = AccountingEntry & { host_id: string; sequence: number; reporter: string; sent_rows: number };

/** Batches that an agent has lost, as far as it knows. Its accounting counts their rows too. */
export type HostLostBatches = LostBatches & { host_id: string };

/**
 * Whoever waits for the answer to a question. `id`: letters, digits and `-`; the engine finds the question's running statements by it.
 * `left` aborts when the asker leaves.
 */
export type Asker = { id: string; left: AbortSignal };

/** Progress of a question's running statements. `rows`: how many will be read, as far as the engine knows. */
export type Progress = { rows_read: number; rows: number; elapsed_ms: number };

/** `into`: a table and its columns. `select`: the rows for it. Both must come from this program. */
export type Filling = { into: string; select: string };

export type Engine = {
  readonly backend: 'embedded' | 'clickhouse';
  /**
   * The rows of a bounded query. Values reach SQL only as `{name:Type}` parameters. 64-bit integers are returned as numbers, so ids need
   * toString().
   * @param rows limit of the answer, which the statement itself must keep: with more rows the query fails. Longer lists are read in pages
   * @param asker whoever waits for the answer; undefined: the question does not end early
   */
  query<Row>(sql: string, params?: Record<string, unknown>, rows?: number, asker?: Asker): Promise<Row[]>;
  /** The progress of an asker's statements; undefined: none runs. */
  progress(id: string): Promise<Progress | undefined>;
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Adds the segment's rows to the kind's table. */
  insertSegment(segment: Segment): Promise<void>;
  /** Runs one statement that returns no rows. Its text must come from this program. */
  command(sql: string): Promise<void>;
  /** Adds the rows of a SELECT to a table. If the asker leaves, the statement ends, and some of the rows may be in the table. */
  fill(filling: Filling, asker?: Asker): Promise<void>;
  /** Adds JSON objects to a table. */
  insertObjects(table: string, objects: readonly object[]): Promise<void>;
  /** Creates, alters or drops a table, view or dictionary. */
  define(statement: string): Promise<void>;
  /** Replaces `{database}`, `{dictionary_source}` and `{parts}` (system.parts of every node) in a statement. */
  place(statement: string): string;
  /**
   * Puts hard links to the files of all tables into the new `directory`, which then has what a kill at this moment would leave. `beside`
   * runs before inserts go on. Only for the embedded engine.
   */
  freeze(directory: string, beside: () => Promise<void>): Promise<void>;
  /** Makes the dictionaries read the newest rows, where they do not refresh by themselves. */
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

/** Runs `work`. Other errors are turned into a StoreError with this code. */
export async function failingAs<Result>(code: StoreErrorCode, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(code, reasonOf(cause), { cause });
  }
}

/** The part of a store or an engine that questions use. */
export type Queryable = Pick<Engine, 'query'>;
