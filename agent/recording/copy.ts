// Copies a recording: into this version's layout, shortened, filtered, or with other addresses.
import type { Kind, KindCounters } from '../../bpf/rows/rows.gen.ts';
import { countersOf } from './format.ts';
import type { Intake } from './intake.ts';
import type { Losses } from './losses.ts';
import type { Recording } from './read.ts';
import type { RecordingWriter } from './write.ts';

export type CopyOptions = { recording: Recording; writer: RecordingWriter; intake: Intake; losses: Losses; duration_ms: number };

/**
 * Copies the first `duration_ms` of the recording, or until `intake` is full. Writes the end of the copy also after an error.
 * @returns the kernel's counters of the whole recording: it does not say when rows were lost
 * @throws RecordingError
 */
export function copyRecording({ recording, writer, intake, losses, duration_ms }: CopyOptions): Record<Kind, KindCounters> | undefined {
  let counters: Record<Kind, KindCounters> | undefined;
  let length_ms = 0;
  try {
    for (const part of recording.parts(losses)) {
      if (part.sort === 'end') counters = countersOf(part.end);
      else if (part.offset_ms <= duration_ms && !intake.full) {
        length_ms = part.offset_ms;
        if (part.sort === 'rows') intake.take(part.kind, part.rows, part.offset_ms);
        // A copy leaves the investigation's frame out: its verdict rests on all rows, and a copy may lack some.
        else if (part.sort === 'names') intake.takeNames(part.names, part.offset_ms);
      }
    }
  } finally {
    writer.end(counters, length_ms);
  }
  return counters;
}
