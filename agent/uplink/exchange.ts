// One HTTP POST over a kept-alive connection. Reads no more of the answer than a collector's can be long. Not fetch: it copies every
// body, and is a second HTTP client in memory beside the one that Node has anyway.
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';

const ATTEMPT_MS_MAX = 15_000;
export const ANSWER_BYTES_MAX = 64 * 1024;
const INFORMATIONAL_MAX = 8;

/** `text`: the body; only its beginning where `whole` is false. */
export type Got = { status: number; retry_after: string | undefined; text: string; whole: boolean };

/**
 * Rejects where no answer came or it broke off. A connection whose answer was not read to its end is destroyed: kept alive, it would give
 * the rest to the next request.
 */
export async function exchange(
  { url, headers, body, agent }: { url: string; headers: Record<string, string>; body: Uint8Array; agent: http.Agent },
  signal: AbortSignal,
): Promise<Got> {
  const { request } = url.startsWith('https:') ? https : http;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS_MAX)]);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length }, agent, signal: limit });
  let informational = 0;
  sent.on('information', () => {
    informational++;
    if (informational > INFORMATIONAL_MAX) sent.destroy(new Error('informational answers (HTTP 1xx) do not end'));
  });
  // When a server upgrades the connection unasked, Node gives neither an answer nor an error.
  sent.on('close', () => reject(new Error('the connection was closed without an answer')));
  sent.on('response', resolve).on('error', reject).end(body);
  try {
    const response = await promise;
    const { statusCode: status = 0, headers: said } = response;
    return { status, retry_after: said['retry-after'], ...(await beginningOf(response)) };
  } finally {
    // The answer may come before the whole body was sent.
    if (!sent.writableFinished) sent.destroy();
  }
}

async function beginningOf(response: IncomingMessage): Promise<Pick<Got, 'text' | 'whole'>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the connection.
    if (length > ANSWER_BYTES_MAX) break;
  }
  return { text: Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES_MAX), whole: length <= ANSWER_BYTES_MAX };
}
