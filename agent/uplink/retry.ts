// When to try again and when to give up: functions of what the collector answered.
import { FINAL_REFUSALS } from '../contract/batch-envelope.ts';

const DELAY_MS_MIN = 500;
const DELAY_MS_MAX = 30_000;
const RETRY_AFTER_MS_MAX = 300_000;

/** Milliseconds before the next attempt after `failures` (≥ 1) in a row; `random` in [0, 1) spreads a fleet that fails together. */
export function retryDelayMs(failures: number, random: number, min_ms = DELAY_MS_MIN): number {
  const ceiling = Math.min(DELAY_MS_MAX, min_ms * 2 ** failures);
  return Math.round(min_ms + random * (ceiling - min_ms));
}

/**
 * Milliseconds that a Retry-After header (seconds or an HTTP date) asks for; undefined without a valid one. Less than `min_ms` asks for
 * nothing: who says so every time would be asked all the time.
 */
export function retryAfterMs(header: string | undefined, now_ms: number, min_ms = DELAY_MS_MIN): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return ms >= min_ms ? Math.min(ms, RETRY_AFTER_MS_MAX) : undefined;
}

/**
 * `accepted`: it is durable there. `rejected`: for good, the same bytes would be refused again. `busy`: it asks for less. `busy_late`: it
 * takes what was just cut, and asks for less of what has waited. `layout_unknown`: it wants to be told how the rows lie. `held`: it takes
 * none of this schema, others go on.
 */
export type Verdict = 'accepted' | 'rejected' | 'retry' | 'busy' | 'busy_late' | 'layout_unknown' | 'held';

export type Said = {
  status: number;
  /** of a refusal: the collector's stable name for it, '' if there is none */
  code: string;
  /** it said when to come back */
  retry_after: boolean;
  /** it proves to be about the bytes that were sent */
  is_receipt: boolean;
};

const FINAL: ReadonlySet<string> = new Set(FINAL_REFUSALS);
/** Nothing is wrong with the rows: one side has to be upgraded first. */
const HELD: ReadonlySet<string> = new Set(['kind_unknown', 'layout_refused']);

/** What an answer means for a batch or a report. Only a collector that has read it may end it; whatever else is said, it is kept. */
export function verdictOf({ status, code, retry_after, is_receipt }: Said): Verdict {
  if (status >= 200 && status < 300) return is_receipt ? 'accepted' : 'retry';
  if (status === 429 && code === 'log_full_late') return 'busy_late';
  if (status === 429 || (status === 503 && retry_after)) return 'busy';
  if (status === 409 && code === 'layout_unknown') return 'layout_unknown';
  if (status === 409 && HELD.has(code)) return 'held';
  return status >= 400 && status < 500 && is_receipt && FINAL.has(code) ? 'rejected' : 'retry';
}
