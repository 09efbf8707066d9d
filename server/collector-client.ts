// Asks a collector, for commands: with a token, and over TLS only if its certificate can be trusted.
import { createWriteStream, readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../agent/process/errors.ts';
import { StartError } from './errors.ts';

/** A verdict over very many rows takes a while, and may wait behind other questions. */
const SILENT_MS_MAX = 120_000;

/** The end of an error's message: advice by the status of a refusal, or by the code of a failure; '' where none is known. */
export type Hints = { refused: (status: number) => string; failed: (code: string) => string };
const NO_HINTS: Hints = { refused: () => '', failed: () => '' };

export type ClientOptions = {
  url: string;
  /** undefined: no token is sent, which a collector on this machine may accept */
  token: string | undefined;
  /** the CA that is trusted (PEM); the CAs of the system; or any certificate, where the URL itself comes from a trusted source */
  trust: { ca: string } | 'system' | 'any';
  hints?: Hints;
};

export class CollectorClient {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #tls: https.RequestOptions;
  readonly #hints: Hints;

  constructor({ url, token, trust, hints = NO_HINTS }: ClientOptions) {
    this.url = url;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#tls = trust === 'any' ? { rejectUnauthorized: false } : trust === 'system' ? {} : trust;
    this.#hints = hints;
  }

  /**
   * Sends a POST where there is a `body`, else a GET, unless `method` is given.
   * @throws StartError `not_ready` with the collector's refusal
   */
  async ask<Answer>(path: string, body?: object, method = body === undefined ? 'GET' : 'POST'): Promise<Answer> {
    const response = await this.#request(path, body, method);
    return JSON.parse(await this.#said(path, textOf(response))) as Answer;
  }

  /**
   * Writes the answer to a file that only its owner can read.
   * @throws StartError `not_ready`, also if the answer is cut off or the file cannot be written
   */
  async download(path: string, file: string): Promise<void> {
    await writeFileOf(await this.#request(path, undefined, 'GET'), file);
  }

  /** Prints the answer as it arrives. @throws StartError `not_ready`, also if the answer is cut off */
  async print(path: string, output: NodeJS.WritableStream): Promise<void> {
    const response = await this.#request(path, undefined, 'GET');
    await this.#said(path, pipeline(response, output, { end: false }));
  }

  async #request(path: string, body: object | undefined, method: string): Promise<IncomingMessage> {
    const response = await this.#said(path, this.#send(path, body, method));
    const status = response.statusCode ?? 0;
    if (status < 300) return response;
    const message = messageIn(await this.#said(path, textOf(response)));
    throw new StartError('not_ready', `the collector at ${this.url} refuses: ${message}${this.#hints.refused(status)}`);
  }

  #send(path: string, body: object | undefined, method: string): Promise<IncomingMessage> {
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { ...this.#headers, ...(json && { 'content-type': 'application/json', 'content-length': json.length }) };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const url = this.url + path;
    const options = { method, headers, timeout: SILENT_MS_MAX };
    const request = url.startsWith('https:')
      ? https.request(url, { ...options, ...this.#tls }, resolve)
      : http.request(url, options, resolve);
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`nothing came for ${SILENT_MS_MAX / 1000} s`)));
    request.end(json);
    return promise;
  }

  async #said<Result>(path: string, work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
      const why = `${reasonOf(cause)}${this.#hints.failed(code)}`;
      throw new StartError('not_ready', `the collector at ${this.url}${path} does not answer: ${why}`, { cause });
    }
  }
}

/** Writes a file that only its owner can read. @throws StartError `not_ready`, also if `content` is cut off */
export async function writeFileOf(content: Readable, file: string): Promise<void> {
  await pipeline(content, createWriteStream(file, { mode: 0o600 })).catch((cause: unknown) => {
    const message = `cannot write all of ${file} (${reasonOf(cause)}): name a file that you may write, or ask again`;
    throw new StartError('not_ready', message, { cause });
  });
}

/** @param what the file holds. @param remedy advice if it cannot be read. @throws StartError `not_ready` */
export function fileText(path: string, what: string, remedy: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new StartError('not_ready', `cannot read ${what} in ${path} (${reasonOf(cause)}): ${remedy}`, { cause });
  }
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return `what answers is no collector (${text.slice(0, 80)})`;
  }
}
