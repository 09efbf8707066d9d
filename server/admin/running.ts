// The collector that runs on a data directory, asked as the directory's owner.
import { existsSync, readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { join, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { reasonOf } from '../../agent/process/errors.ts';
import { ADMIN_API, type Link } from '../api/admin.ts';
import type { Config } from '../config.ts';
import { TOKEN_FILE } from '../door/owner-token.ts';
import { StartError } from '../errors.ts';
import { lockDataDirectory, readCollectorUrl } from '../lock.ts';

const ASK_MS_MAX = 60_000;

/** `tokenFile`: where the owner's token is, if not in the data directory. */
export type RunningOptions = Pick<Config, 'data'> & { tokenFile: string | undefined };
export type Running = { url: string; ask: <Answer>(path: string, body?: object, method?: string) => Promise<Answer> };

/**
 * Whoever holds the directory, as `error` of an attempt to lock it says: only that one can have announced a URL in it, so the token goes
 * to nobody else.
 * @throws `error` where it says something else; StartError `not_ready`
 */
export function runningOn({ data, tokenFile }: RunningOptions, error: unknown): Running {
  const url = error instanceof StartError && error.code === 'data_dir_locked' ? readCollectorUrl(data) : undefined;
  if (url === undefined) throw error;
  const authorization = `Bearer ${readToken(tokenFile ?? join(data, TOKEN_FILE))}`;
  return { url, ask: (path, body, method = body === undefined ? 'GET' : 'POST') => askAt(url + path, authorization, { body, method }) };
}

/** The collector that runs on the data directory. @throws StartError `not_ready` where none does */
export function runningAt(options: RunningOptions): Running {
  const data = resolve(options.data);
  try {
    // The attempt would make a directory that is not there.
    if (existsSync(join(data, 'lock'))) lockDataDirectory(data).release();
  } catch (error) {
    return runningOn({ ...options, data }, error);
  }
  throw new StartError('not_ready', `no collector runs on ${data}: start one with tcplens serve, or name its --data`);
}

/** A link for the owner's browser. @throws StartError `not_ready` where no collector runs */
export async function newLink(options: RunningOptions): Promise<string> {
  const { url, ask } = runningAt(options);
  return url + (await ask<Link>(ADMIN_API.link, {})).path;
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const message = `cannot read the owner's token in ${path} (${reasonOf(cause)}): run this as the user of the collector, or give --token-file`;
    throw new StartError('not_ready', message, { cause });
  }
}

async function askAt<Answer>(url: string, authorization: string, { body, method }: Asked): Promise<Answer> {
  const { status, text } = await got(url, authorization, { body, method }).catch((cause: unknown) => {
    throw new StartError('not_ready', `the collector at ${url} does not answer: ${reasonOf(cause)}`, { cause });
  });
  const answer: unknown = JSON.parse(text);
  if (status >= 300) throw new StartError('not_ready', `the collector at ${url} refuses: ${(answer as { message: string }).message}`);
  return answer as Answer;
}

type Asked = { body?: object | undefined; method: string };

/**
 * Its certificate is not checked, as it may be for other names than this machine's: whoever holds the lock of the data directory has
 * announced the URL, and can read the token anyway.
 */
async function got(url: string, authorization: string, { body, method }: Asked): Promise<{ status: number; text: string }> {
  const client = url.startsWith('https:') ? https : http;
  const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = { authorization, ...(json && { 'content-type': 'application/json', 'content-length': json.length }) };
  const options = { method, headers, rejectUnauthorized: false, signal: AbortSignal.timeout(ASK_MS_MAX) };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  client.request(url, options, resolve).on('error', reject).end(json);
  const response = await promise;
  return { status: response.statusCode ?? 0, text: await textOf(response) };
}
