// Records a source until it is told to stop or the recording is full.
import { Drain } from '../drain.ts';
import { readCgroup2Mount } from '../host/cgroups.ts';
import { Entities } from '../host/entities.ts';
import { pump } from '../pump.ts';
import type { RowSource } from '../source.ts';
import type { Intake } from './intake.ts';
import type { RecordingWriter } from './write.ts';

/**
 * Records, and ends the recording whatever happens.
 * @throws RecordingError when the file takes no more: it can be read up to there
 */
export async function recordSource(
  source: RowSource,
  writer: RecordingWriter,
  intake: Intake,
  { interval_ms, stop }: { interval_ms: number; stop: AbortSignal },
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
  try {
    await pump({
      source,
      drain,
      interval_ms,
      stop: AbortSignal.any([stop, full.signal]),
      onSweep: takeNames,
      onRound: () => entities.look(),
    });
    takeNames();
  } finally {
    writer.end(source.counters(), offset_ms());
  }
}
