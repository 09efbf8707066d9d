// Posts a body to the collector and says what its answer means.

import type { Agent } from 'node:http';
import { digestOf } from '../contract/secret.ts';
import { reasonOf } from '../process/errors.ts';
import { ANSWER_BYTES_MAX, exchange, type Got } from './exchange.ts';
import { retryAfterMs, type Verdict, verdictOf } from './retry.ts';

const REASON_CHARS_MAX = 1000;

/** `status` 0: there was no answer. `is_receipt`: the answer repeats the digest of the body, so a collector that has read it wrote it. */
export type Answer = {
  verdict: Verdict;
  status: number;
  is_receipt: boolean;
  /** the code of the refusal; '' where the answer has none */
  code: string;
  reason: string;
  retry_after_ms?: number | undefined;
  /** the answer's JSON, where it is a receipt */
  said?: Readonly<Record<string, unknown>> | undefined;
};

export type Post = {
  url: string;
  agent: Agent;
  headers: Record<string, string>;
  body: Uint8Array;
  /** members that an acknowledgement has to repeat, beside the body's digest */
  name?: Readonly<Record<string, string | number>>;
  /** a Retry-After that asks for less is ignored; undefined: the default */
  retry_ms_min?: number | undefined;
  signal: AbortSignal;
};

/** Never rejects. `reason` is for a person: the collector's message where it answered. */
export async function post({ url, agent, headers, body, name = {}, retry_ms_min, signal }: Post): Promise<Answer> {
  try {
    const got = await exchange({ url, agent, headers, body }, signal);
    const { status } = got;
    const said = got.whole ? objectIn(got.text) : undefined;
    const problem = problemOf(said);
    const is_receipt = said?.['digest'] === digestOf(body) && (status >= 300 || isNamed(said, name));
    const retry_after_ms = retryAfterMs(got.retry_after, Date.now(), retry_ms_min);
    const retry_after = retry_after_ms !== undefined;
    const code = problem?.code ?? '';
    const verdict = verdictOf({ status, code, retry_after, is_receipt });
    const words = problem === undefined ? wordsOf(got) : `${problem.code}: ${problem.message}`;
    return {
      verdict,
      status,
      is_receipt,
      code,
      reason: reasonFor(got, verdict, words),
      retry_after_ms,
      said: is_receipt ? said : undefined,
    };
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

/** The answer's JSON; undefined where it is none: a proxy may have answered in the collector's place. */
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

/** The code and the message of a refusal. */
function problemOf(said: Record<string, unknown> | undefined): { code: string; message: string } | undefined {
  const { code, message } = said ?? {};
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined;
}

/** The message with its cause: an AbortError says only in its cause why it was raised. */
function reasonWithCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${reasonOf(error)}: ${cause.message}` : reasonOf(error);
}
