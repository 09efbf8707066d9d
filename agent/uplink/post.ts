// Posts to the collector and says what came of it.

import { digestOf } from '../contract/batch-envelope.ts';
import { reasonOf } from '../process/errors.ts';
import { ANSWER_BYTES_MAX, exchange, type Got } from './exchange.ts';
import { retryAfterMs, type Verdict, verdictOf } from './retry.ts';

const REASON_CHARS_MAX = 1000;

/** `status` 0: there was no answer. `is_receipt`: it proves to be a collector's that has read what was sent. */
export type Answer = {
  verdict: Verdict;
  status: number;
  is_receipt: boolean;
  /** the collector's name for why it refuses; '' where it does not say */
  code: string;
  reason: string;
  retry_after_ms?: number | undefined;
};

export type Post = {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  /** what an acknowledgement has to repeat, beside the body's digest */
  name?: Readonly<Record<string, string | number>>;
  /** less is no time to come back in; as usual where undefined */
  retry_ms_min?: number | undefined;
  signal: AbortSignal;
};

/** Never rejects. `reason` is for a person: the collector's own words where it answered. */
export async function post({ url, headers, body, name = {}, retry_ms_min, signal }: Post): Promise<Answer> {
  try {
    const got = await exchange(url, headers, body, signal);
    const { status } = got;
    const said = got.whole ? objectIn(got.text) : undefined;
    const problem = problemOf(said);
    const is_receipt = said?.['digest'] === digestOf(body) && (status >= 300 || isNamed(said, name));
    const retry_after_ms = retryAfterMs(got.retry_after, Date.now(), retry_ms_min);
    const retry_after = retry_after_ms !== undefined;
    const code = problem?.code ?? '';
    const verdict = verdictOf({ status, code, retry_after, is_receipt });
    const words = problem === undefined ? wordsOf(got) : `${problem.code}: ${problem.message}`;
    return { verdict, status, is_receipt, code, reason: reasonFor(got, verdict, words), retry_after_ms };
  } catch (error) {
    return { verdict: 'retry', status: 0, is_receipt: false, code: '', reason: reasonWithCause(error) };
  }
}

function reasonFor({ status }: Got, verdict: Verdict, words: string): string {
  const foreign =
    verdict === 'retry' && status < 300 ? ', which is no acknowledgement of a collector: does something else answer here?' : '';
  return `HTTP ${status}${foreign} ${words}`.trim().slice(0, REASON_CHARS_MAX);
}

function wordsOf({ text, whole }: Got): string {
  return whole ? text : `${text.slice(0, 100)}… (more than ${ANSWER_BYTES_MAX} bytes)`;
}

/** Undefined where a collector has not written it: what stands between may have answered in its place. */
function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isNamed(said: Record<string, unknown>, name: Readonly<Record<string, string | number>>): boolean {
  return Object.entries(name).every(([member, value]) => said[member] === value);
}

/** The collector's own code and words. */
function problemOf(said: Record<string, unknown> | undefined): { code: string; message: string } | undefined {
  const { code, message } = said ?? {};
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
}

/** An abort hides why in its cause. */
function reasonWithCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${reasonOf(error)}: ${cause.message}` : reasonOf(error);
}
