// The token of the data directory's owner: a file in the directory that only its owner can read, so whoever shows the token can read the
// file. It survives restarts, so that scripts go on working. Removing the file makes the next start write a new token.
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSecret } from '../../agent/contract/secret.ts';

export const TOKEN_FILE = 'token';
const TOKEN = /^[0-9a-f]{64}\n$/;
const GROUP_OR_OTHERS = 0o077;

/** The token in `directory`, which this process has locked. A new one is made where there is none, or where others could read it. */
export function ownerToken(directory: string): string {
  const path = join(directory, TOKEN_FILE);
  const kept = readOwn(path);
  if (kept !== undefined && TOKEN.test(kept)) return kept.trim();
  const token = newSecret();
  rmSync(path, { force: true });
  writeFileSync(path, `${token}\n`, { flag: 'wx', mode: 0o600 });
  return token;
}

/** undefined if there is no such file, if it is a link, or if others can read it */
function readOwn(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const { mode, nlink } = fstatSync(file);
    return (mode & GROUP_OR_OTHERS) === 0 && nlink === 1 ? readFileSync(file, 'utf8') : undefined;
  } finally {
    closeSync(file);
  }
}
