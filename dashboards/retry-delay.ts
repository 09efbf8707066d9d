const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 10_000;

/** Doubling from half a second to ten, then between half of that and all of it, so that viewers do not return at once. */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** attempt);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
