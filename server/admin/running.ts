// The collector that runs on a data directory, asked as the directory's owner.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { reasonOf } from '../../agent/process/errors.ts';
import { ADMIN_API, type Link } from '../api/admin.ts';
import type { Config } from '../config.ts';
import { TOKEN_FILE } from '../door/owner-token.ts';
import { StartError } from '../errors.ts';
import { lockDataDirectory, readCollectorUrl } from '../lock.ts';

/** `tokenFile`: where the owner's token is, if not in the data directory. */
export type RunningOptions = Pick<Config, 'data'> & { tokenFile: string | undefined };
export type Running = { url: string; ask: <Answer>(path: string, body?: object) => Promise<Answer> };

/**
 * Whoever holds the directory, as `error` of an attempt to lock it says: only that one can have announced a URL in it, so the token goes
 * to nobody else.
 * @throws `error` where it says something else; StartError `not_ready`
 */
export function runningOn({ data, tokenFile }: RunningOptions, error: unknown): Running {
  const url = error instanceof StartError && error.code === 'data_dir_locked' ? readCollectorUrl(data) : undefined;
  if (url === undefined) throw error;
  const authorization = `Bearer ${readToken(tokenFile ?? join(data, TOKEN_FILE))}`;
  return { url, ask: (path, body) => ask(url + path, authorization, body) };
}

/** A link for the owner's browser. @throws StartError `not_ready` where no collector runs */
export async function newLink(options: RunningOptions): Promise<string> {
  const data = resolve(options.data);
  try {
    // The attempt would make a directory that is not there.
    if (existsSync(join(data, 'lock'))) lockDataDirectory(data).release();
  } catch (error) {
    const { url, ask } = runningOn({ ...options, data }, error);
    return url + (await ask<Link>(ADMIN_API.link, {})).path;
  }
  throw new StartError('not_ready', `no collector runs on ${data}: start one with tcplens serve, or name its --data`);
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const message = `cannot read the owner's token in ${path} (${reasonOf(cause)}): run this as the user of the collector, or give --token-file`;
    throw new StartError('not_ready', message, { cause });
  }
}

async function ask<Answer>(url: string, authorization: string, body?: object): Promise<Answer> {
  const headers = body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' };
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(60_000) }).catch((cause: unknown) => {
    throw new StartError('not_ready', `the collector at ${url} does not answer: ${reasonOf(cause)}`, { cause });
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new StartError('not_ready', `the collector at ${url} refuses: ${(answer as { message: string }).message}`);
  return answer as Answer;
}
