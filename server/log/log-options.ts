// The options of the log.
import type { Disk } from '../../agent/durable/disk.ts';
import type { Bounds } from './bounded-files.ts';

export type LogOptions = {
  directory: string;
  /** The folder of rows whose times are outside the tables' window. */
  quarantine: string;
  /** The folder of segments that the store refuses for good. */
  dead_letter: string;
  /** A segment of so many bytes is sealed, however young it is. */
  segment_bytes_max: number;
  /** When so many bytes wait for the store, batches are refused: bytes of rows, and BATCH_COST_BYTES for each batch. */
  log_bytes_max: number;
  /** After so many bytes of lines a snapshot replaces the journal. */
  journal_bytes_max: number;
  /** Of the folder of quarantined rows, of that of dead letters, and of that of bytes set aside. */
  bounds?: Bounds;
  /** Called with the number of files that were removed from these folders to make room for newer ones. */
  dropped?: (files: number) => void;
  /** The least time from one flush to the next, in ms; 0 if not given. Batches that come meanwhile share it, and are acknowledged that much later. */
  flushes_apart_ms?: number;
  disk?: Disk;
};
