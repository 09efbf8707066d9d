/**
 * Runs `task` now and again `every_ms` after it has ended, until the returned function is called, which also aborts
 * a run under way. A hidden page does not ask; it does at once when it is shown again. `task` must not throw.
 */
export function poll(task: (signal: AbortSignal) => Promise<void>, every_ms: number): () => void {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  async function run(): Promise<void> {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    await task(stopped.signal);
    running = false;
    if (!stopped.signal.aborted && Number.isFinite(every_ms)) timer = setTimeout(run, every_ms);
  }

  document.addEventListener('visibilitychange', run, { signal: stopped.signal });
  void run();
  return () => {
    clearTimeout(timer);
    stopped.abort();
  };
}
