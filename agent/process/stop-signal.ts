// One signal for every way a command is asked to stop.

/**
 * Aborted at the first SIGINT or SIGTERM; a second one ends the process at once. With `with_parent` also when the IPC
 * channel to the parent closes, so that nothing is left behind when that is killed.
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
