// The type of a store: what the collector needs of ClickHouse, embedded or as a server.

import type { StoredRecord } from '../access/records.ts';
import type { CheckedReport } from '../ingest/report-check.ts';
import type { AuditEntry } from './audit.ts';
import type { Engine, LostRows, Segment } from './engine.ts';
import type { StoredHostState } from './investigation-hosts.ts';
import type { Evicted } from './name-budgets.ts';
import type { Upkeep } from './upkeep.ts';

export type Store = Pick<Engine, 'backend' | 'query' | 'progress' | 'ping' | 'close' | 'freeze'> & {
  readonly upkeep: Upkeep;
  /** Brings the tables to this version. It can be killed at any point and run again. */
  migrate(): Promise<void>;
  /**
   * Stores the segment's rows. Rows are merged by their identity, so inserting the same rows again, at any time, changes nothing.
   */
  insertSegment(segment: Segment): Promise<void>;
  /**
   * Notes which minutes of the segments' rows must be built again, because the rows came late. Called after the rows were stored, while the
   * files still exist. May be repeated.
   */
  noteLate(segments: readonly Segment[]): Promise<void>;
  /**
   * Stores the hosts, processes, cgroups and namespaces of reports, and their accounting. A report that is repeated changes nothing.
   * Returns how many names were removed to make room.
   */
  insertReports(reports: readonly CheckedReport[]): Promise<Evicted>;
  /** Stores counts of acknowledged rows that a collector has lost. A count that is repeated, also by another collector, changes nothing. */
  insertLost(entries: readonly LostRows[]): Promise<void>;
  /** Stores access records. Of several with the same kind and id the one with the largest version counts. */
  insertAccess(records: readonly StoredRecord[]): Promise<void>;
  insertAudit(entries: readonly AuditEntry[]): Promise<void>;
  /** Stores the states of investigations at hosts. For each host and investigation the last one counts. */
  insertHostStates(states: readonly StoredHostState[]): Promise<void>;
  /** Removes an investigation's states at hosts. */
  removeInvestigation(id: string): Promise<void>;
  /** Removes all rows of a host. Some tables are rewritten later, part by part. @param host_id in decimal */
  removeHost(host_id: string): Promise<void>;
};
