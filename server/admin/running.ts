// The collector that runs on a data directory, asked as the directory's owner.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADMIN_API, type Link } from '../api/admin.ts';
import { CollectorClient, fileText } from '../collector-client.ts';
import type { Config } from '../config.ts';
import { TOKEN_FILE } from '../door/owner-token.ts';
import { StartError } from '../errors.ts';
import { lockDataDirectory, readCollectorUrl } from '../lock.ts';

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
  const remedy = 'run this as the user of the collector, or give --token-file';
  const token = fileText(tokenFile ?? join(data, TOKEN_FILE), "the owner's token", remedy);
  // Its certificate may be for other names than this machine's: whoever holds the lock has announced the URL, and can read the token anyway.
  const client = new CollectorClient({ url, token, trust: 'any' });
  return { url, ask: (path, body, method) => client.ask(path, body, method) };
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
