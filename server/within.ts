// Limits the time of each step of stopping.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Waits for `work` at most `ms`. A failure or an excess is logged, and the caller goes on. */
export async function within(ms: number, what: string, work: PromiseLike<unknown> | undefined, logger: Logger): Promise<boolean> {
  const giveUp = new AbortController();
  const late = sleep(ms, true, { signal: giveUp.signal }).catch(() => undefined);
  try {
    const gaveUp = await Promise.race([Promise.resolve(work).then(() => false), late]);
    if (gaveUp) logger.error({ ms }, `gave up ${what}`);
    return !gaveUp;
  } catch (error) {
    logger.error({ err: error }, `failed at ${what}`);
    return false;
  } finally {
    giveUp.abort();
  }
}
