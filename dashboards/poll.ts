export type Polling = {
  /** Ends the polling, and aborts a current run. */
  stop: () => void;
  /** Changes the pause after each run. Starts no run earlier. */
  every: (every_ms: number) => void;
  /** Runs at once; aborts a current run. */
  now: () => void;
  /** Aborts a current run, and runs nothing until `now`. */
  halt: () => void;
};

/**
 * Runs `task` at once, and again `every_ms` after each end. While the page is hidden nothing runs; when it is shown again, a run begins at
 * once. `task` must not throw.
 */
export function startPolling(task: (signal: AbortSignal) => Promise<void>, every_ms: number): Polling {
  const stopped = new AbortController();
  let period_ms = every_ms;
  let ended_ms = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | undefined;
  let halted = false;

  async function run(): Promise<void> {
    clearTimeout(timer);
    if (running || halted || document.hidden) return;
    const mine = new AbortController();
    running = mine;
    await task(AbortSignal.any([stopped.signal, mine.signal]));
    if (running !== mine) return;
    running = undefined;
    ended_ms = Date.now();
    plan();
  }

  function plan(): void {
    clearTimeout(timer);
    if (running || stopped.signal.aborted || !Number.isFinite(period_ms)) return;
    timer = setTimeout(run, Math.max(0, ended_ms + period_ms - Date.now()));
  }

  document.addEventListener('visibilitychange', run, { signal: stopped.signal });
  void run();
  return {
    stop: () => {
      clearTimeout(timer);
      stopped.abort();
    },
    every: (other_ms) => {
      period_ms = other_ms;
      plan();
    },
    halt: () => {
      clearTimeout(timer);
      halted = true;
      running?.abort();
      running = undefined;
    },
    now: () => {
      halted = false;
      running?.abort();
      running = undefined;
      void run();
    },
  };
}

/** Polling that needs no control but its end. @returns stops it */
export const poll = (task: (signal: AbortSignal) => Promise<void>, every_ms: number): (() => void) => startPolling(task, every_ms).stop;
