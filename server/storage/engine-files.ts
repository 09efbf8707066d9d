// The embedded engine's directory, as far as others have to know it: store/xxx/<id of a table>/<part>/, beside the parts a table's own
// files, and of the database, which is such an id too, the tables' definitions. metadata/ and data/ are links to these by their names.
import { randomBytes } from 'node:crypto';
import { cp, link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

const KEPT = new Set(['metadata', 'data', 'store']);
/** Of a file of a table's own, or of a part. */
const TABLE_FILE_DEPTH = 4;

type Frozen = { engine: string; tables: readonly { name: string }[]; execute: (sql: string) => Promise<void> };

/** Makes the new `directory` the engine's as it is now, its parts hard links. The caller sees to it that nothing is inserted meanwhile. */
export async function freezeInto(directory: string, { engine, tables, execute }: Frozen): Promise<void> {
  // Its folder has this name only if that is letters and digits.
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

/** Adds all but the parts to `directory`, which has these. */
async function copyDefinitions(engine: string, directory: string): Promise<void> {
  const filter = async (source: string): Promise<boolean> => {
    const parts = relative(engine, source).split(sep);
    if (parts[0] === '') return true;
    if (!KEPT.has(parts[0] ?? '')) return false;
    return parts.length < TABLE_FILE_DEPTH || isFile(source);
  };
  await cp(engine, directory, { recursive: true, verbatimSymlinks: true, filter });
}

/** A part may go while it is looked at. */
const isFile = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The same tree, its files hard links. */
export async function linkTree(from: string, to: string): Promise<void> {
  const found = await lstat(from);
  if (found.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (!found.isDirectory()) await link(from, to);
  else {
    await mkdir(to);
    for (const name of await readdir(from)) await linkTree(join(from, name), join(to, name));
  }
}
