// What is known of a recording only after reading all of it.
import type { Kind, KindCounters } from '../../bpf/rows/rows.gen.ts';
import { countersOf, type RecordedNames } from './format.ts';
import { Losses } from './losses.ts';
import { rowsOfHost } from './move-rows.ts';
import type { Recording, RowsPart } from './read.ts';
import { ReplayedNames } from './replayed-names.ts';

export type Contents = {
  /** the time at which its last rows were drained, since its beginning */
  length_ms: number;
  /** the kernel's counters over the whole recording; undefined where they are unknown */
  counters: Record<Kind, KindCounters> | undefined;
  names: ReplayedNames;
  /** what was lost, or cannot be replayed as it was recorded, a sentence each */
  notices: readonly string[];
  /** all rows, if they are few enough for memory */
  rows: readonly RowsPart[] | undefined;
};

/** The most bytes of rows that are kept in memory. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * @param host_id in a recording of several hosts: only this host's rows and names; undefined: all rows and no names, since the numbers that
 * names stand for differ from host to host
 * @throws RecordingError `damaged`
 */
export function readContents(recording: Recording, host_id?: bigint): Contents {
  const { hosts } = recording.header;
  const losses = new Losses();
  const names = new ReplayedNames();
  const rows: RowsPart[] = [];
  let bytes = 0;
  let length_ms = 0;
  let counters: Record<Kind, KindCounters> | undefined;
  for (const part of recording.parts(losses)) {
    if (part.sort === 'rows') {
      length_ms = Math.max(length_ms, part.offset_ms);
      const own = hosts === undefined ? part : { ...part, rows: rowsOfHost(part.kind, part.rows, host_id) };
      bytes += own.rows.length;
      if (bytes <= KEPT_BYTES_MAX) rows.push(own);
    } else if (part.sort === 'names') {
      if (hosts === undefined || isOf(part.names, host_id)) names.add(part.names);
    } else if (part.sort === 'end') counters = countersOf(part.end);
  }
  return { length_ms, counters, names, notices: losses.sentences(recording.header), rows: bytes <= KEPT_BYTES_MAX ? rows : undefined };
}

const isOf = ({ host_id }: RecordedNames, wanted: bigint | undefined): boolean =>
  wanted !== undefined && BigInt(`0x${host_id ?? '0'}`) === wanted;
