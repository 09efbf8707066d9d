import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and its missing parents, one by one: Node's recursive mkdir loops forever on file systems that allow none, such as
 * /proc. Throws what the file system says.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  makeDirectories(dirname(resolve(path)), mode);
  mkdirSync(path, { mode });
}
