// The type of a store: what the collector needs of ClickHouse, whichever engine it is.

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
   * Stores the segment's rows. A row is one by its identity, so it changes nothing when anybody inserts the same rows again at any time.
   */
  insertSegment(segment: Segment): Promise<void>;
  /**
   * Notes which minutes late rows of these segments change, so that they are made again. Called once the rows are stored, while the files
   * still exist. May be repeated.
   */
  noteLate(segments: readonly Segment[]): Promise<void>;
  /**
   * Stores the hosts, processes, cgroups and namespaces of reports, and their accounting. A report that is repeated changes nothing.
   * Returns how many names were removed to make room.
   */
  insertReports(reports: readonly CheckedReport[]): Promise<Evicted>;
  /** Stores counts of acknowledged rows that a collector has lost. A count that is repeated, also by another collector, changes nothing. */
  insertLost(entries: readonly LostRows[]): Promise<void>;
  /** Stores records of who may do what. Of several with one kind and id the largest version counts. */
  insertAccess(records: readonly StoredRecord[]): Promise<void>;
  insertAudit(entries: readonly AuditEntry[]): Promise<void>;
  /** Stores how far investigations have come at hosts. Of several of one host the last one counts. */
  insertHostStates(states: readonly StoredHostState[]): Promise<void>;
  /** Removes what is stored of an investigation beside its record. */
  removeInvestigation(id: string): Promise<void>;
  /** Removes all that is stored of a host. Its rows go later, one part of a table after the other. @param host_id in decimal */
  removeHost(host_id: string): Promise<void>;
};
