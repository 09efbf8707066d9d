// When to try again and when to give up: functions of what the collector answered.

const DELAY_MS_MIN = 500;
const DELAY_MS_MAX = 30_000;
const RETRY_AFTER_MS_MAX = 300_000;

/** Milliseconds before the next attempt after `failures` (≥ 1) in a row; `random` in [0, 1) spreads a fleet that fails together. */
export function retryDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** failures);
  return Math.round(DELAY_MS_MIN + random * (ceiling - DELAY_MS_MIN));
}

/** Milliseconds that a Retry-After header (seconds or an HTTP date) asks for; undefined without a valid one. */
export function retryAfterMs(header: string | null, now_ms: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

export type Verdict = 'accepted' | 'rejected' | 'retry';

/** What an HTTP status means for a batch: rejected is for good, the same bytes would be refused again. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'accepted';
  if (status === 408 || status === 429) return 'retry';
  return status >= 400 && status < 500 ? 'rejected' : 'retry';
}
