// What the collector asks of ClickHouse, whichever back end answers: the engine inside this process or a server by URL.
import type { AccountingEntry } from '../../agent/contract/agent-report.ts';
import { reasonOf, TcplensError } from '../../agent/process/errors.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { CheckedReport } from '../ingest/report-check.ts';
import type { Evicted } from './name-budgets.ts';
import type { Upkeep } from './upkeep.ts';

/** What a segment holds of one batch of one agent. Without a name (host_id '') where damage has left nobody knowing it. */
export type BatchSpan = { host_id: string; epoch: string; sequence: number; rows: number };

/** A batch of which rows, or all of them, are kept out of the tables. `token` is the segment's that has the rest of it. */
export type AsideBatch = BatchSpan & { kind: string; token: string };

/** A sealed log file: `rows` raw rows of one kind at the absolute `path`, batch after batch. `token` names these bytes for ever. */
export type Segment = { kind: Kind; path: string; rows: number; token: string; batches: readonly BatchSpan[] };

/** Bytes `start` up to and without `end` of a segment's file. */
export type Piece = { start: number; end: number };

/** What became of rows of a host; `reporter` is '' for its agent, else the run of the collector that says so. */
export type HostAccountingEntry = AccountingEntry & { host_id: string; reporter: string };

export type Store = {
  readonly backend: 'embedded' | 'clickhouse';
  readonly upkeep: Upkeep;
  /** Brings the tables to this version's shape; can be killed and started again at any point. */
  migrate(): Promise<void>;
  /**
   * Agrees with other collectors on the same ClickHouse which of the segments' batches are stored out of them. Inserting does so by
   * itself where it has not been done; for many at once it costs no more than for one.
   */
  claim(segments: readonly Segment[]): Promise<void>;
  /** Which of the batches are this collector's, as `claim` decides it for those in segments. The same batch has the same token again. */
  claimAside(batches: readonly AsideBatch[]): Promise<boolean[]>;
  /** Stores the segment exactly once, rollup included, however often it is called with the same token and bytes. */
  insertSegment(segment: Segment): Promise<void>;
  /** Stores segments of which a crash has left nobody knowing whether they are stored. Nothing else may insert meanwhile. */
  insertUnsettled(segments: readonly Segment[]): Promise<void>;
  /** Hosts, processes, cgroups and namespaces that agents learned, and their accounting. Repeating a report changes nothing. Returns the names that had to go. */
  insertReports(reports: readonly CheckedReport[]): Promise<Evicted>;
  /** What the collector itself has counted. Cumulative within its key, so repeating changes nothing. */
  insertAccounting(entries: readonly HostAccountingEntry[]): Promise<void>;
  /**
   * Rows of a bounded query. Values reach SQL only as `{name:Type}` parameters. 64-bit integers come as numbers: ids need toString().
   * @param rows that the answer can have at most, by what the statement says; with more it fails. What may be longer comes in pages
   */
  query<Row>(sql: string, params?: Record<string, unknown>, rows?: number): Promise<Row[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** What the two back ends do differently; the rest of a store is built on it. */
export type Engine = Pick<Store, 'backend' | 'query' | 'ping' | 'close'> & {
  /** Stores the segment's rows, or only those in `pieces`, once for its token; in the kind's table, or another of its shape. */
  insertSegment(segment: Segment, pieces?: readonly Piece[], table?: string): Promise<void>;
  /** Runs one statement that returns nothing. The text is the program's own. */
  command(sql: string): Promise<void>;
  /** Adds JSON objects to a table. */
  insertObjects(table: string, objects: readonly object[]): Promise<void>;
  /** Creates, alters or drops a table, view or dictionary. */
  define(statement: string): Promise<void>;
  /** Fills in a statement's `{database}`, `{dictionary_source}` and `{parts}` (system.parts, of every node). */
  place(statement: string): string;
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
  | 'store_rollup_unclear'
  | 'store_migration_changed';

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
