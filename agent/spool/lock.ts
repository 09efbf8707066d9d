// One agent per spool.
import { join } from 'node:path';
import { lockFile } from '../durable/lock.ts';
import { CannotRunError, reasonOf } from '../process/errors.ts';
import { makeOwnDirectory } from './trust.ts';

/**
 * Makes `directory` if it is missing and holds it until the returned function is called or the process ends.
 * @throws CannotRunError `spool_locked`, `spool_untrusted`, `spool_unusable`
 */
export function lockSpool(directory: string): () => void {
  let unlock: (() => void) | undefined;
  try {
    makeOwnDirectory(directory);
    unlock = lockFile(join(directory, 'lock'));
  } catch (error) {
    if (error instanceof CannotRunError) throw error;
    const message = `the spool ${directory} cannot be written (${reasonOf(error)}): give a directory that can with --spool, or keep batches in memory only with --spool none`;
    throw new CannotRunError('spool_unusable', message, { cause: error });
  }
  if (unlock === undefined) {
    const message = `another agent uses the spool ${directory}: stop it, or give this one a directory of its own with --spool`;
    throw new CannotRunError('spool_locked', message);
  }
  return unlock;
}
