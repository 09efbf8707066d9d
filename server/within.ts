// Gives each step of stopping a bound.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Waits for `work` for so long; what fails or takes longer is reported, and the next step begins. */
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
