import { Every, type Log } from '../process/log.ts';
import type { SweepPace } from './pace.ts';

const PERIOD_MS = 60_000;

/** Returns a function to be called after each sweep: it logs, not too often, that sweeps come less often than configured, and when that ends. */
export function paceLog(pace: SweepPace, log: Log): () => void {
  const warning = new Every(PERIOD_MS);
  let told = false;
  return () => {
    const { wanted_ms, budget } = pace;
    const interval_ms = Math.round(pace.interval_ms);
    if (interval_ms <= wanted_ms) {
      if (told) log.info({ interval_ms }, 'sweeps come as often as was asked for again');
      told = false;
      return;
    }
    const why = pace.pressure > 1 ? 'because the collector asks for less' : `to stay within ${budget * 100}% of a processor (--cpu-budget)`;
    warning.run(Date.now(), () => {
      told = true;
      log.warn({ interval_ms, wanted_ms }, `sweeps come less often, ${why}`);
    });
  };
}
