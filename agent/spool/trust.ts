// Checks that nobody else can change the spool's directory: anyone who can put a link there could make an agent that is root write and
// remove files anywhere.
import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CannotRunError } from '../process/errors.ts';

const GROUP_OR_OTHERS = 0o022;
const OTHERS = 0o002;
const STICKY = 0o1000;
const MODE = 0o700;
/** The kernel's limit. */
const LINKS_MAX = 40;

/**
 * Makes `directory` and its missing parents, and resolves its path as the kernel does, over directories and links that nobody but root and
 * user `uid` can change.
 * @throws CannotRunError `spool_untrusted`; what the file system says where that fails
 */
export function makeOwnDirectory(directory: string, uid = process.geteuid?.() ?? 0): void {
  const left = namesOf(resolve(directory));
  let at = '/';
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const path = name === '..' ? dirname(at) : join(at, name);
    const found = lstatSync(path, { throwIfNoEntry: false }) ?? made(path);
    if (found.uid !== 0 && found.uid !== uid) throw untrusted(directory, `${path} belongs to user ${found.uid}`);
    if (found.isSymbolicLink()) {
      links++;
      if (links > LINKS_MAX) throw untrusted(directory, `${path} is one of too many links`);
      const target = readlinkSync(path);
      if (target.startsWith('/')) at = '/';
      left.unshift(...namesOf(target));
      continue;
    }
    if ((found.mode & OTHERS) !== 0 && (found.mode & STICKY) === 0) throw untrusted(directory, `others may write to ${path}`);
    at = path;
  }
  const { uid: owner, mode } = lstatSync(at);
  if (owner !== uid) throw untrusted(directory, `${at} belongs to user ${owner}`);
  if ((mode & GROUP_OR_OTHERS) !== 0) throw untrusted(directory, `others may write to ${at}`);
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

/** Makes the directories one by one: Node's recursive mkdir loops forever on file systems that allow none, such as /proc. */
function made(path: string): Stats {
  mkdirSync(path, { mode: MODE });
  return lstatSync(path);
}

function untrusted(directory: string, why: string): CannotRunError {
  const message =
    `the spool ${directory} is not this agent's alone (${why}): give a directory with --spool that belongs to the agent's user, ` +
    'is writable by nobody else and lies below no directory that others can change, or keep batches in memory only with --spool none';
  return new CannotRunError('spool_untrusted', message);
}
