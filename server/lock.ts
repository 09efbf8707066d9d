// Locks a data directory for one process, which writes its URL into it.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getuid, pid } from 'node:process';
import { lockFile } from '../agent/durable/lock.ts';
import { reasonOf } from '../agent/process/errors.ts';
import { makeDirectories } from '../agent/process/make-directories.ts';
import { StartError } from './errors.ts';

export type DataLock = {
  /** Writes the URL for other processes that find the directory locked. */
  announce: (url: string) => void;
  release: () => void;
};

/**
 * Creates `directory` if it is missing and holds it until `release` or the end of the process.
 * @throws StartError `data_dir_locked`, `data_dir_unusable`
 */
export function lockDataDirectory(directory: string): DataLock {
  const holder = join(directory, 'lock.pid');
  let unlock: (() => void) | undefined;
  try {
    makeDirectories(directory, 0o750);
    checkOwn(directory);
    unlock = lockFile(join(directory, 'lock'));
    if (unlock === undefined) throw lockedError(directory, holder);
    writeAnew(holder, `${pid}\n`);
    rmSync(join(directory, URL_FILE), { force: true });
  } catch (error) {
    unlock?.();
    throw error instanceof StartError ? error : unusable(directory, error);
  }
  return { announce: (url) => writeAnew(join(directory, URL_FILE), `${url}\n`), release: unlock };
}

/** The directory must belong to this user: its owner could replace any file in it by a link. */
function checkOwn(directory: string): void {
  const { uid } = statSync(directory);
  const own = getuid?.() ?? uid;
  if (uid !== own) throw new Error(`it belongs to user ${uid} and this is user ${own}: run it as user ${uid}, or chown the directory`);
}

/** Writes a new file in place of the old one. If the old name is a link, its target is left alone. */
function writeAnew(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { flag: 'wx' });
}

const URL_FILE = 'lock.url';

/** The URL of the process that holds the lock; undefined if it has not announced one. */
export function readCollectorUrl(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, URL_FILE), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function lockedError(directory: string, holder: string): StartError {
  const message = `another collector (process ${readHolder(holder)}) uses the data directory ${directory}: stop it, or give this one its own with --data`;
  return new StartError('data_dir_locked', message);
}

/** The error for a data directory that the file system refuses, with advice. */
export function unusable(directory: string, error: unknown): StartError {
  const message = `the data directory ${directory} cannot be used: ${reasonOf(error)}. --data chooses another`;
  return new StartError('data_dir_unusable', message, { cause: error });
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
