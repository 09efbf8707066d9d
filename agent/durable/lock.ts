// One process a directory. Node has no flock(2); SQLite, which is part of Node, takes the kernel's record lock on a file, and the kernel
// releases that however the process ends. Unlike a socket's name it also holds between containers that share the directory, and unlike a
// pid file it is never left over.
import { lstatSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** Keeps databases alive: if the caller forgets the returned function, the garbage collector would close the file and so end the lock. */
const held = new Set<DatabaseSync>();

/**
 * Holds the file `path`, and makes it if it is missing, until the returned function is called or the process ends. Undefined where another
 * process holds it. Throws what the file system says where it cannot be used.
 */
export function lockFile(path: string): (() => void) | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // SQLite would follow a link, and make what it leads to.
  if (found && (!found.isFile() || found.nlink > 1)) throw new Error(`${path} is a link or no file: remove it`);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // With its journal in memory SQLite leaves no other file in the directory.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    held.add(database);
    return () => {
      held.delete(database);
      database.close();
    };
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
