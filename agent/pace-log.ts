import { Every, type Log } from './log.ts';
import type { SweepPace } from './pace.ts';

const PERIOD_MS = 60_000;

/** Says, after a sweep and not too often, that the next one comes later than was asked for. */
export function paceLog(pace: SweepPace, wanted_ms: number, budget: number, log: Log): () => void {
  const warning = new Every(PERIOD_MS);
  return () => {
    if (pace.interval_ms === wanted_ms) return;
    const interval_ms = Math.round(pace.interval_ms);
    warning.run(Date.now(), () =>
      log.warn({ interval_ms, wanted_ms }, `sweeps come less often, to stay within ${budget * 100}% of a processor (--cpu-budget)`),
    );
  };
}
