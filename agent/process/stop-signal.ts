// One AbortSignal for every way in which a command is asked to stop.

/**
 * Aborted by the first SIGINT or SIGTERM; the second ends the process at once. With `with_parent` also when the IPC channel to the parent
 * closes, so that a killed parent leaves no child behind.
 */
export function stopSignal({ with_parent = false } = {}): AbortSignal {
  const stop = new AbortController();
  const abort = () => stop.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  if (with_parent && process.channel) {
    process.once('disconnect', abort);
    process.channel.unref();
  }
  return stop.signal;
}
