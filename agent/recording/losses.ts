// Counts, while a recording is read, what it has and this version cannot replay, and says it in sentences.
import type { Conversion, Unmapped } from '../../bpf/rows/layout.ts';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { RecordingHeader } from './format.ts';

/** Most names in one sentence; of the others it has the number. */
const NAMES_SAID = 6;

export class Losses {
  /** rows of kinds that this version does not know, by kind */
  readonly unknown_kinds = new Map<string, number>();
  readonly skipped_frames = new Map<number, number>();
  /** conversions of the kinds that had rows, by kind */
  readonly converted = new Map<Kind, { conversion: Conversion; unmapped: Unmapped }>();
  /** the offset of a frame in which the file ends */
  cut_at: number | undefined;
  /** whether it has an end frame, and whether that has the kernel's counters */
  ended = false;
  counted = false;

  sentences({ tcplens, anonymized, filters = [] }: RecordingHeader): string[] {
    const sentences = anonymized ? [`the recording's addresses are not the real ones: it was made with --anonymize`] : [];
    for (const filter of filters) sentences.push(`the recording has only rows of which this is true: ${filter}`);
    if (this.cut_at !== undefined) sentences.push(`the recording is cut short at byte ${this.cut_at}: what was recorded later is missing`);
    if (!this.ended) sentences.push('the recording has no end: its recorder was killed');
    if (!this.counted) sentences.push('how many rows the kernel lost while they were recorded is not known');
    for (const [kind, rows] of this.unknown_kinds)
      sentences.push(`${rows} ${kind} rows are skipped: only tcplens ${tcplens} knows that kind`);
    for (const [sort, frames] of this.skipped_frames)
      sentences.push(`${frames} frames of sort ${sort} are skipped: only tcplens ${tcplens} knows them`);
    for (const [kind, { conversion, unmapped }] of this.converted) {
      const { dropped, missing, changed } = conversion;
      if (dropped.length > 0) sentences.push(`${kind} rows lose ${list(dropped)}, which this tcplens does not have`);
      if (missing.length > 0) sentences.push(`${kind} rows do not know ${list(missing)}, which tcplens ${tcplens} did not record`);
      if (changed.length > 0)
        sentences.push(`${kind} rows do not know ${list(changed)}, which tcplens ${tcplens} recorded in another form`);
      for (const [column, values] of unmapped)
        sentences.push(`${values} values of ${kind}.${column} have no counterpart and are the nearest`);
    }
    return sentences;
  }
}

function list(names: readonly string[]): string {
  const rest = names.length - NAMES_SAID;
  return rest <= 1 ? names.join(', ') : `${names.slice(0, NAMES_SAID).join(', ')} and ${rest} more`;
}
