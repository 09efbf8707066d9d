// A request with a limit of time: it ends with an answer, or with an ApiError that says why there is none.
import { ApiError } from './api-error.ts';

/** The code of a failure to reach the collector; other codes are the collector's. */
const UNREACHABLE = 'unreachable';
const TIMED_OUT = 'timeout';
/** Longer than the collector works on a question, including the time in its queue. */
export const ANSWER_MS_MAX = 30_000;
const TOO_LATE = `The collector has not answered within ${ANSWER_MS_MAX / 1000} s: it or its store is overloaded. A shorter range or a filter asks less of it.`;

/** @throws ApiError; if `signal` aborts, its reason */
export async function fetchInTime(fetchResponse: typeof fetch, url: string, options: RequestInit, signal?: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_MS_MAX);
  try {
    return await fetchResponse(url, { ...options, signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    if (late.signal.aborted) throw new ApiError(TIMED_OUT, TOO_LATE, 0, { cause });
    throw new ApiError(UNREACHABLE, 'The collector does not answer. Is `tcplens serve` running?', 0, { cause });
  } finally {
    clearTimeout(timer);
  }
}
