import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something to become true; what does not within the test's own timeout hangs it, with this name in the report. */
export async function until(what: string, condition: () => boolean, within_ms = 20_000): Promise<void> {
  const deadline = performance.now() + within_ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${within_ms} ms: ${what}`);
    await sleep(5);
  }
}
