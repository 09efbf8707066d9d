// The one loop of the agent: sweeps every interval, drains in between. Nothing in it waits for a network or a disk.
import { setTimeout as sleep } from 'node:timers/promises';
import { DRAIN_INTERVAL_MS, type Drain } from './drain.ts';
import type { RowSource } from './source.ts';

export type PumpOptions = {
  source: RowSource;
  drain: Drain;
  interval_ms: number;
  stop: AbortSignal;
  /** after each sweep has been started */
  onSweep?: () => void;
  /** after each round */
  onRound?: () => void;
  /** true leaves the rows where they are for now: only for a source that can wait */
  isFull?: () => boolean;
};

/** Runs until `stop` or the source's end, then drains once more. */
export async function pump({ source, drain, interval_ms, stop, onSweep, onRound, isFull }: PumpOptions): Promise<void> {
  let sweep_at = 0;
  while (!stop.aborted && !source.ended()) {
    const now = performance.now();
    if (now >= sweep_at) {
      sweep_at = now + interval_ms;
      source.sweep();
      onSweep?.();
    }
    const more = !isFull?.() && drain.round();
    onRound?.();
    // Even behind a storm the event loop gets its turn: batches have to leave.
    await sleep(more ? 1 : DRAIN_INTERVAL_MS, undefined, { signal: stop }).catch(() => {});
  }
  if (!source.ended()) drain.all();
}
