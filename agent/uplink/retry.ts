// Whether and when a request is made again: pure functions of the collector's answer.
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
 * Milliseconds that a Retry-After header (seconds or an HTTP date) asks for; undefined without a valid one. One below `min_ms` is ignored:
 * a collector that answers every request with it would get requests without a pause.
 */
export function retryAfterMs(header: string | undefined, now_ms: number, min_ms = DELAY_MS_MIN): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now_ms;
  return ms >= min_ms ? Math.min(ms, RETRY_AFTER_MS_MAX) : undefined;
}

/**
 * `accepted`: the collector has the body on disk. `rejected`: it refuses for good, the same bytes would be refused again. `busy`: it asks for
 * less. `busy_late`: it takes live batches and asks for less of the backlog. `layout_unknown`: it needs the layout of the schema. `held`: it
 * takes no rows of this schema for now, only of others. `retry`: none of these, so the same request is made again.
 */
export type Verdict = 'accepted' | 'rejected' | 'retry' | 'busy' | 'busy_late' | 'layout_unknown' | 'held';

export type Said = {
  status: number;
  /** the code of a refusal; '' if there is none */
  code: string;
  /** it has a Retry-After header */
  retry_after: boolean;
  /** it repeats the digest of the bytes that were sent */
  is_receipt: boolean;
};

const FINAL: ReadonlySet<string> = new Set(FINAL_REFUSALS);
/** Refusals after which the agent or the collector has to be upgraded; the rows are sound. */
const HELD: ReadonlySet<string> = new Set(['kind_unknown', 'layout_refused']);

/**
 * What an answer means for a batch or a report. Only a collector that has read it can accept or reject it; after any other answer the agent
 * keeps it.
 */
export function verdictOf({ status, code, retry_after, is_receipt }: Said): Verdict {
  if (status >= 200 && status < 300) return is_receipt ? 'accepted' : 'retry';
  if (status === 429 && code === 'log_full_late') return 'busy_late';
  if (status === 429 || (status === 503 && retry_after)) return 'busy';
  if (status === 409 && code === 'layout_unknown') return 'layout_unknown';
  if (status === 409 && HELD.has(code)) return 'held';
  return status >= 400 && status < 500 && is_receipt && FINAL.has(code) ? 'rejected' : 'retry';
}
