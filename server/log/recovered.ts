// What the recovery of the log needs, and what it finds.

import type { Disk } from '../../agent/durable/disk.ts';
import type { Conversion } from '../../bpf/rows/layout.ts';
import type { Cursors } from './cursors.ts';
import type { Losses } from './losses.ts';
import type { KnownSegment } from './segments.ts';

export const JOURNAL = 'journal';
/** The folder of bytes that cannot be given to the store, for a person to look at: they are `set aside`. */
export const ASIDE = 'aside';

export type Recovered = {
  cursors: Cursors;
  losses: Losses;
  /** Segments to be inserted, in the order in which they were written. */
  segments: KnownSegment[];
  /** Files whose sound batches are in other files now. `finishRecovery` removes them, once the journal has recorded that. */
  replaced: { segment: string; path: string }[];
  /** Files whose last bytes were set aside. `finishRecovery` cuts them to `length`. */
  cut: { path: string; length: number }[];
  /** The journal has its first line, each of its lines can be read, and it does not end within one. */
  whole_journal: boolean;
  /** It is whole, and the log was closed: so no line is missing at its end. */
  closed_journal: boolean;
  damaged_lines: number;
  /** Bytes at the ends of the journal and of segments that, as far as is known, were never acknowledged. */
  torn_bytes: number;
  /** Batches that the journal names and whose bytes have changed: the store does not get their rows. */
  damaged_batches: number;
  /** Bytes of rows that may have been acknowledged, and that do not say whose rows they were. */
  unknown_bytes: number;
  /** Segments whose file is missing, has no sound batch, or has a layout that this version does not know. */
  set_aside: string[];
  /**
   * Segments whose file is missing, where the journal may lack its last lines: one of these may have said that the store has the segment.
   */
  missing_unclear: { segment: string; rows: number }[];
  /** Files that the log did not write. They are left alone. */
  foreign: string[];
};

export type RecoverOptions = {
  disk: Disk;
  directory: string;
  /** The name of this start. */
  run: string;
  /** How rows of another version become rows of this one; undefined where the layout is not known. */
  conversion: (schema: string) => Conversion | undefined;
};
