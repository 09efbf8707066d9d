// Records a source until `stop` or until the recording is full.

import { readCgroup2Mount } from '../host/cgroups.ts';
import { Entities } from '../host/entities.ts';
import { Drain } from '../loop/drain.ts';
import { pump } from '../loop/pump.ts';
import type { RowSource } from '../source/row-source.ts';
import type { Intake } from './intake.ts';
import type { RecordingWriter } from './write.ts';

/**
 * Records. Writes the end of the recording also after an error.
 * @throws RecordingError when a write fails: the file can be read up to there
 */
export async function recordSource(
  source: RowSource,
  writer: RecordingWriter,
  intake: Intake,
  { interval_ms, stop, onSweep }: { interval_ms: number; stop: AbortSignal; onSweep?: () => void },
): Promise<void> {
  const began = performance.now();
  const offset_ms = () => Math.round(performance.now() - began);
  const entities = new Entities(readCgroup2Mount());
  const full = new AbortController();
  const drain = new Drain(source, (kind, rows) => {
    entities.see(kind, rows);
    intake.take(kind, rows, offset_ms());
    if (intake.full) full.abort();
  });
  const takeNames = () => {
    intake.takeNames(entities.changes(source.netns()), offset_ms());
    entities.acknowledge();
  };
  const afterSweep = () => {
    takeNames();
    onSweep?.();
  };
  try {
    await pump({
      source,
      drain,
      interval_ms,
      stop: AbortSignal.any([stop, full.signal]),
      onSweep: afterSweep,
      onRound: () => entities.look(),
    });
    takeNames();
  } finally {
    writer.end(source.counters(), offset_ms());
  }
}
