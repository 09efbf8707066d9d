// What recovering the log needs and finds.

import type { Disk } from '../../agent/durable/disk.ts';
import type { Conversion } from '../../bpf/rows/layout.ts';
import type { Cursors } from './cursors.ts';
import type { Losses } from './losses.ts';
import type { KnownSegment } from './segments.ts';

export const JOURNAL = 'journal';
/** The folder of what is not as it was written, for a person to look at. */
export const ASIDE = 'aside';

export type Recovered = {
  cursors: Cursors;
  losses: Losses;
  /** To be inserted, in the order in which they were written. */
  segments: KnownSegment[];
  /** Files of which others hold what is sound. They go once the journal says so; see `finishRecovery`. */
  replaced: { segment: string; path: string }[];
  /** Files that end with what is set aside: to be cut there. */
  cut: { path: string; length: number }[];
  /** The journal begins and ends as one does, and each of its lines can be read. */
  whole_journal: boolean;
  /** It is whole and the log was closed: no line is missing at its end. */
  closed_journal: boolean;
  damaged_lines: number;
  /** Of the journal and of segments: what was written and, as far as is known, never acknowledged. */
  torn_bytes: number;
  /** Batches of the journal whose bytes have changed. Their rows are lost to the store, those beside them are not. */
  damaged_batches: number;
  /** Bytes that may have been acknowledged, and do not say whose rows they were. */
  unknown_bytes: number;
  /** Segments that are missing, without a sound batch, or in a layout that nobody knows. */
  set_aside: string[];
  /** Segments that are missing while the journal may lack lines: one of them may have said that the store has it. */
  missing_unclear: { segment: string; rows: number }[];
  /** Names that are not the log's: left alone. */
  foreign: string[];
};

export type RecoverOptions = {
  disk: Disk;
  directory: string;
  /** this start's name */
  run: string;
  /** How rows of another version become rows of this one; undefined where nobody knows. */
  conversion: (schema: string) => Conversion | undefined;
};
