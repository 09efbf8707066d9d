// What the log is made with.
import type { Disk } from '../../agent/durable/disk.ts';
import type { KeptLimits } from './kept-files.ts';

export type LogOptions = {
  directory: string;
  /** Rows that the tables do not take: of times outside their window, and what the store refuses for good. */
  quarantine: string;
  dead_letter: string;
  /** Bytes at which a segment is sealed whatever its age. */
  segment_bytes_max: number;
  /** Bytes of rows, and of what their batches cost, that may wait for the store before batches are refused. */
  log_bytes_max: number;
  /** Bytes of journal lines after which a snapshot replaces them. */
  journal_bytes_max: number;
  kept?: KeptLimits;
  /** Hears how many files of rows that the tables do not take had to go for newer ones. */
  dropped?: (files: number) => void;
  disk?: Disk;
};
