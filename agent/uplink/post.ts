// One HTTP POST to the collector, over connections that are kept open.
import { retryAfterMs, type Verdict, verdictOf } from './retry.ts';

const ATTEMPT_MS_MAX = 15_000;
const REASON_CHARS_MAX = 300;

export type Answer = { verdict: Verdict; reason: string; retry_after_ms?: number | undefined };

/**
 * Posts and says what came of it; never rejects. `reason` is for a person: the collector's own words where it answered.
 */
export async function post(
  url: string,
  headers: Record<string, string>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS_MAX)]);
    const response = await fetch(url, { method: 'POST', headers, body, signal: limit, redirect: 'manual' });
    const text = await response.text();
    return {
      verdict: verdictOf(response.status),
      reason: `HTTP ${response.status} ${text.slice(0, REASON_CHARS_MAX)}`.trim(),
      retry_after_ms: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    };
  } catch (error) {
    return { verdict: 'retry', reason: reasonOf(error) };
  }
}

/** fetch says "fetch failed" and hides the errno in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === '' ? error.message : `${error.message}: ${code}`;
}
