// The files of the embedded engine, as far as other code must know them. store/xxx/<id>/ is the folder of a table, with a folder for each
// part, or of the database, with the definitions of tables. metadata/ and data/ have links to these by name.
import { randomBytes } from 'node:crypto';
import { cp, link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

const KEPT = new Set(['metadata', 'data', 'store']);
/** Depth of a file in a table's folder; a part, which is a folder, has the same depth. */
const TABLE_FILE_DEPTH = 4;

type Frozen = { engine: string; tables: readonly { name: string }[]; execute: (sql: string) => Promise<void> };

/** Copies the engine's present state into the new `directory`, its parts as hard links. The caller must hold off inserts meanwhile. */
export async function freezeInto(directory: string, { engine, tables, execute }: Frozen): Promise<void> {
  // The engine names the folder so only if the name has nothing but letters and digits.
  const name = randomBytes(8).toString('hex');
  const frozen = join(engine, 'shadow', name);
  try {
    for (const table of tables) await execute(`ALTER TABLE ${table.name} FREEZE WITH NAME '${name}'`);
    await rename(frozen, directory);
  } finally {
    await rm(frozen, { recursive: true, force: true });
  }
  await copyDefinitions(engine, directory);
}

/** Adds all files except those of parts, which `directory` already has. */
async function copyDefinitions(engine: string, directory: string): Promise<void> {
  const filter = async (source: string): Promise<boolean> => {
    const parts = relative(engine, source).split(sep);
    if (parts[0] === '') return true;
    if (!KEPT.has(parts[0] ?? '')) return false;
    return parts.length < TABLE_FILE_DEPTH || isFile(source);
  };
  await cp(engine, directory, { recursive: true, verbatimSymlinks: true, filter });
}

/** False also if the path is gone: the engine may remove a part meanwhile. */
const isFile = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Copies a tree, its files as hard links. */
export async function linkTree(from: string, to: string): Promise<void> {
  const found = await lstat(from);
  if (found.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (!found.isDirectory()) await link(from, to);
  else {
    await mkdir(to);
    for (const name of await readdir(from)) await linkTree(join(from, name), join(to, name));
  }
}
