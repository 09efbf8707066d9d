// One HTTP POST to the collector, over connections that are kept open. Not fetch: it copies every body, and is a
// second HTTP client in memory beside the one that Node has anyway.
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { retryAfterMs, type Verdict, verdictOf } from './retry.ts';

const ATTEMPT_MS_MAX = 15_000;
const REASON_CHARS_MAX = 1000;

/** Node has the kernel probe an idle connection every second if not told otherwise; what forgets it on the way does so after minutes. */
const KEPT = { keepAlive: true, keepAliveMsecs: 60_000 };
/** By the URL's scheme. */
const CLIENTS = {
  'http:': { request: http.request, agent: new http.Agent(KEPT) },
  'https:': { request: https.request, agent: new https.Agent(KEPT) },
} as const;

/** `away`: there was no answer. `code`: the collector's, of a refusal. */
export type Answer = { verdict: Verdict; reason: string; code?: string | undefined; retry_after_ms?: number | undefined; away?: boolean };

/**
 * Posts and says what came of it; never rejects. `reason` is for a person: the collector's own words where it answered.
 */
export async function post(url: string, headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await send(url, { ...headers, 'content-length': String(body.length) }, body, signal);
    const status = response.statusCode ?? 0;
    const text = await beginningOf(response);
    const said = objectIn(text);
    const { code, message } = problemOf(said);
    const retry_after_ms = retryAfterMs(response.headers['retry-after'] ?? null, Date.now());
    const verdict = verdictOf(status, code, retry_after_ms !== undefined);
    return {
      // Only a collector acknowledges, and it does in JSON.
      verdict: verdict === 'accepted' && said === undefined ? 'retry' : verdict,
      code,
      reason: `HTTP ${status} ${message === undefined ? text : `${code}: ${message}`}`.trim(),
      retry_after_ms,
    };
  } catch (error) {
    return { verdict: 'retry', reason: reasonOf(error), away: true };
  }
}

/** Resolves when the answer's head is there. */
function send(url: string, headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request, agent } = CLIENTS[url.startsWith('https:') ? 'https:' : 'http:'];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS_MAX)]);
  request(url, { method: 'POST', headers, agent, signal: limit }, resolve).on('error', reject).end(body);
  return promise;
}

/** Reads an answer to its end and keeps as much of it as a reason may be long. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) if (text.length < REASON_CHARS_MAX) text += chunk;
  return text.slice(0, REASON_CHARS_MAX);
}

/** Undefined where a collector has not written it: what stands between may have answered in its place. */
function objectIn(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The collector's own code and words. */
function problemOf(said: object | undefined): { code?: string; message?: string } {
  const { code, message } = (said ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : {};
}

/** An abort hides why in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
