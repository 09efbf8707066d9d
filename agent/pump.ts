// The one loop of the agent: sweeps every interval, drains in between. Nothing in it waits for a network or a disk.
import { setTimeout as sleep } from 'node:timers/promises';
import { DRAIN_INTERVAL_MS, type Drain } from './drain.ts';
import type { RowSource } from './source.ts';

export type PumpOptions = {
  source: RowSource;
  drain: Drain;
  interval_ms: number;
  stop: AbortSignal;
  /** after each sweep and the round that follows it, when the rings are as empty as they get */
  onSweep?: () => void;
  /** after each round */
  onRound?: () => void;
};

/** Runs until `stop` or the source's end, then drains once more. */
export async function pump({ source, drain, interval_ms, stop, onSweep, onRound }: PumpOptions): Promise<void> {
  let sweep_at = 0;
  while (!stop.aborted && !source.ended()) {
    const now = performance.now();
    const due = now >= sweep_at;
    if (due) {
      sweep_at = now + interval_ms;
      source.sweep();
    }
    const more = drain.round();
    if (due) onSweep?.();
    onRound?.();
    // Even behind a storm the event loop gets its turn: batches have to leave.
    await sleep(more ? 1 : DRAIN_INTERVAL_MS, undefined, { signal: stop }).catch(() => {});
  }
  if (!source.ended()) drain.all();
}
