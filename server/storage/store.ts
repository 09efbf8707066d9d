// What the collector asks of ClickHouse, whichever engine answers.
import type { CheckedReport } from '../ingest/report-check.ts';
import type { Engine, LostRows, Segment } from './engine.ts';
import type { Evicted } from './name-budgets.ts';
import type { Upkeep } from './upkeep.ts';

export type Store = Pick<Engine, 'backend' | 'query' | 'ping' | 'close' | 'freeze'> & {
  readonly upkeep: Upkeep;
  /** Brings the tables to this version's shape; can be killed and started again at any point. */
  migrate(): Promise<void>;
  /** Stores the segment's rows. Whoever inserts the same rows again, at any time, changes nothing: a row is one by its identity. */
  insertSegment(segment: Segment): Promise<void>;
  /** Hosts, processes, cgroups and namespaces that agents learned, and their accounting. Repeating a report changes nothing. Returns the names that had to go. */
  insertReports(reports: readonly CheckedReport[]): Promise<Evicted>;
  /** What collectors lost of acknowledged rows. Repeating, and telling the same of a batch from two collectors, changes nothing. */
  insertLost(entries: readonly LostRows[]): Promise<void>;
};
