// Asks the collector that runs on a data directory, with the owner's token.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADMIN_API, type Link } from '../api/admin.ts';
import { CollectorClient, fileText } from '../collector-client.ts';
import type { Config } from '../config.ts';
import { TOKEN_FILE } from '../door/owner-token.ts';
import { StartError } from '../errors.ts';
import { lockDataDirectory, readCollectorUrl } from '../lock.ts';

/** `tokenFile`: the file of the owner's token, if it is not in the data directory. */
export type RunningOptions = Pick<Config, 'data'> & { tokenFile: string | undefined };
export type Running = { url: string; ask: <Answer>(path: string, body?: object, method?: string) => Promise<Answer> };

/**
 * The collector that holds the lock of the directory. `error`: of the attempt to take that lock. Only the holder can have announced a URL
 * in the directory, so the token goes to nobody else.
 * @throws `error` unless it is `data_dir_locked`; StartError `not_ready`
 */
export function runningOn({ data, tokenFile }: RunningOptions, error: unknown): Running {
  const url = error instanceof StartError && error.code === 'data_dir_locked' ? readCollectorUrl(data) : undefined;
  if (url === undefined) throw error;
  const remedy = 'run this as the user of the collector, or give --token-file';
  const token = fileText(tokenFile ?? join(data, TOKEN_FILE), "the owner's token", remedy);
  // The certificate may lack the name in the URL, so it is not checked: the holder of the lock announced the URL and can read the token
  // anyway.
  const client = new CollectorClient({ url, token, trust: 'any' });
  return { url, ask: (path, body, method) => client.ask(path, body, method) };
}

/** The collector that runs on the data directory. @throws StartError `not_ready` where none does */
export function runningAt(options: RunningOptions): Running {
  const data = resolve(options.data);
  try {
    // lockDataDirectory creates a missing directory, which a mere question must not do.
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
