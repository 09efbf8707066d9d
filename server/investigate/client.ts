// A collector as a command asks it, somewhere on the network: with a token, and trusting its certificate only for a reason.
import { createWriteStream, readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../../agent/process/errors.ts';
import { StartError } from '../errors.ts';

/** A verdict over very many rows takes a while, and others may wait before it. */
const SILENT_MS_MAX = 120_000;

export type ClientOptions = {
  collector: string;
  /** of a token; undefined: none is sent, as a collector of this machine may allow */
  tokenFile: string | undefined;
  /** of a CA's certificate, PEM; undefined: the CAs that every machine trusts */
  ca: string | undefined;
};

export class CollectorClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #ca: string | undefined;

  /** @throws StartError `not_ready` where a file cannot be read */
  constructor({ collector, tokenFile, ca }: ClientOptions) {
    this.#url = collector;
    this.#headers = tokenFile === undefined ? {} : { authorization: `Bearer ${fileText(tokenFile, 'the token')}` };
    this.#ca = ca === undefined ? undefined : fileText(ca, 'the CA’s certificate');
  }

  /** Posts `body` where there is one. @throws StartError `not_ready` with what the collector says */
  async ask<Answer>(path: string, body?: object): Promise<Answer> {
    const response = await this.#request(path, body);
    return JSON.parse(await this.#said(path, textOf(response))) as Answer;
  }

  /** Into a file that nobody else may read. @throws StartError `not_ready`: also where the answer was cut off, or the file cannot be written */
  async download(path: string, file: string): Promise<void> {
    const response = await this.#request(path, undefined);
    await pipeline(response, createWriteStream(file, { mode: 0o600 })).catch((cause: unknown) => {
      const message = `cannot write all of ${file} (${reasonOf(cause)}): name a file that you may write, or ask again`;
      throw new StartError('not_ready', message, { cause });
    });
  }

  async #request(path: string, body: object | undefined): Promise<IncomingMessage> {
    const response = await this.#said(path, this.#send(path, body));
    const status = response.statusCode ?? 0;
    if (status < 300) return response;
    throw new StartError(
      'not_ready',
      `the collector at ${this.#url} refuses: ${messageIn(await this.#said(path, textOf(response)))}${hintOf(status)}`,
    );
  }

  #send(path: string, body: object | undefined): Promise<IncomingMessage> {
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { ...this.#headers, ...(json && { 'content-type': 'application/json', 'content-length': json.length }) };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const url = this.#url + path;
    const options = { method: json ? 'POST' : 'GET', headers, timeout: SILENT_MS_MAX, ...(this.#ca !== undefined && { ca: this.#ca }) };
    const request = url.startsWith('https:') ? https.request(url, options, resolve) : http.request(url, options, resolve);
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`nothing came for ${SILENT_MS_MAX / 1000} s`)));
    request.end(json);
    return promise;
  }

  async #said<Result>(path: string, work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (cause) {
      throw new StartError('not_ready', `the collector at ${this.#url}${path} does not answer: ${reasonOf(cause)}${trustHint(cause)}`, {
        cause,
      });
    }
  }
}

function fileText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new StartError('not_ready', `cannot read ${what} in ${path} (${reasonOf(cause)}): name a file that you may read`, { cause });
  }
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return `what answers is no collector (${text.slice(0, 80)})`;
  }
}

function hintOf(status: number): string {
  return status === 401 || status === 403
    ? '; --token-file names a file with the token of an operator: "tcplens admin token make" prints one'
    : '';
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO/;

function trustHint(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return '; use a name that is in its certificate';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return '; --collector is the URL that "tcplens serve" prints';
  return UNTRUSTED.test(code) ? '; --ca names the certificate of its CA, which is tls/ca.pem in its --data' : '';
}
