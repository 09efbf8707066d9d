// When to try again and when to give up: functions of what the collector answered.

const DELAY_MS_MIN = 500;
const DELAY_MS_MAX = 30_000;
const RETRY_AFTER_MS_MAX = 300_000;

/** Milliseconds before the next attempt after `failures` (≥ 1) in a row; `random` in [0, 1) spreads a fleet that fails together. */
export function retryDelayMs(failures: number, random: number, min_ms = DELAY_MS_MIN): number {
  const ceiling = Math.min(DELAY_MS_MAX, min_ms * 2 ** failures);
  return Math.round(min_ms + random * (ceiling - min_ms));
}

/** Milliseconds that a Retry-After header (seconds or an HTTP date) asks for; undefined without a valid one. */
export function retryAfterMs(header: string | null, now_ms: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

/**
 * `rejected`: for good, the same bytes would be refused again. `busy`: it asks for less. `busy_late`: it takes what was just cut, and
 * asks for less of what has waited. `layout_unknown`: it wants to be told how the rows lie. `held`: it takes none of this schema,
 * others go on.
 */
export type Verdict = 'accepted' | 'rejected' | 'retry' | 'busy' | 'busy_late' | 'layout_unknown' | 'held';

/**
 * What an answer means for a batch. Every refusal of a collector has a `code`. One without is somebody else's that stands in between: it
 * says nothing about the rows, so they are not given up.
 */
export function verdictOf(status: number, code = '', retry_after = false): Verdict {
  if (status >= 200 && status < 300) return 'accepted';
  if (status === 429 && code === 'log_full_late') return 'busy_late';
  if (status === 429 || (status === 503 && retry_after)) return 'busy';
  if (status === 408 || status < 400 || status >= 500 || code === '') return 'retry';
  if (status !== 409 || code === 'sequence_too_old') return 'rejected';
  return code === 'layout_unknown' ? 'layout_unknown' : 'held';
}
