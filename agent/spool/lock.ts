// One agent per spool. Node has no flock(2); SQLite, which is part of Node, takes the kernel's record lock on a file, and the kernel
// releases that however the process ends. It also holds between containers that share the directory.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CannotRunError, reasonOf } from '../process/errors.ts';
import { makeOwnDirectory, refuseLink } from './trust.ts';

const FILE = 'lock';
const SQLITE_BUSY = 5;

/**
 * Makes `directory` if it is missing and holds it until the returned function is called or the process ends.
 * @throws CannotRunError `spool_locked`, `spool_untrusted`, `spool_unusable`
 */
export function lockSpool(directory: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    makeOwnDirectory(directory);
    refuseLink(directory, FILE);
    database = new DatabaseSync(join(directory, FILE), { timeout: 0 });
    // With its journal in memory SQLite leaves no other file in the directory.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw refusal(error, directory);
  }
  const held = database;
  return () => held.close();
}

function refusal(error: unknown, directory: string): CannotRunError {
  if (error instanceof CannotRunError) return error;
  if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
    const message = `another agent uses the spool ${directory}: stop it, or give this one a directory of its own with --spool`;
    return new CannotRunError('spool_locked', message, { cause: error });
  }
  const reason = reasonOf(error);
  const message = `the spool ${directory} cannot be written (${reason}): give a directory that can with --spool, or keep batches in memory only with --spool none`;
  return new CannotRunError('spool_unusable', message, { cause: error });
}
