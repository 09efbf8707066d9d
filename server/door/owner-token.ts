// The token of the data directory's owner: a file in it that nobody else reads. Whoever shows what is in it can read it. It is kept over
// restarts, so that pages stay open; who removes the file gets another with the next start.
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSecret } from '../../agent/contract/secret.ts';

export const TOKEN_FILE = 'token';
const TOKEN = /^[0-9a-f]{64}\n$/;
const GROUP_OR_OTHERS = 0o077;

/** The token in `directory`, which is this process's alone; made anew where there is none or others may have read it. */
export function ownerToken(directory: string): string {
  const path = join(directory, TOKEN_FILE);
  const kept = readOwn(path);
  if (kept !== undefined && TOKEN.test(kept)) return kept.trim();
  const token = newSecret();
  rmSync(path, { force: true });
  writeFileSync(path, `${token}\n`, { flag: 'wx', mode: 0o600 });
  return token;
}

/** Undefined where there is no such file, where it is a link, and where others may read it. */
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
