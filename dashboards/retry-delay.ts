const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 10_000;

/**
 * Doubles from half a second to ten; the delay is random between half of that and all of it, so that pages do not reconnect all at once.
 */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** attempt);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
