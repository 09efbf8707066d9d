// Copies the snapshot of a data directory into a backup, and restores it. The manifest lists every file and is written last: a backup
// without it was cut off. A backup that differs from its manifest is refused before anything of it is used.
import { createHash } from 'node:crypto';
import { cp, lstat, open, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isMissing } from '../../agent/durable/disk.ts';
import { reasonOf, TcplensError } from '../../agent/process/errors.ts';
import { makeDirectories } from '../../agent/process/make-directories.ts';

export class BackupError extends TcplensError<'backup_exists' | 'backup_unsound' | 'restore_not_empty' | 'directory_unusable'> {}

/** By path: SHA-256 of each file, and target of each link. */
type Contents = { bytes: number; files: Record<string, string>; links: Record<string, string> };
/** `rows`: by table, the sum over its parts. A replicated row counts once a copy. */
export type Manifest = { format: 1; tcplens: string; taken_at_ms: number; rows: Record<string, number> } & Contents;

const MANIFEST = 'manifest.json';
/** Holds the files of a restore until all are there: a collector does not start on a directory that has it. */
export const RESTORING = 'restoring';
/** The only links that an engine makes: to the folder of a table, and of the database. */
const LINK = /^(\.\.\/)+store\/\w{3}\/[\w-]+$/;
const COPY = { recursive: true, verbatimSymlinks: true, errorOnExist: true, force: false };

/** Copies the snapshot to `directory`, and verifies the copy. @throws BackupError */
export async function backUp(snapshot: string, directory: string, made: Pick<Manifest, 'tcplens' | 'taken_at_ms'>): Promise<Manifest> {
  await refuseOther(directory, 'backup_exists', 'a backup is written to a new directory');
  makeNew(directory, 0o700);
  const contents = await copied(snapshot, join(directory, 'data')).catch((cause: unknown) => {
    throw new BackupError('backup_unsound', `${directory} was cut off (${reasonOf(cause)}): take another backup.`, { cause });
  });
  const manifest: Manifest = { format: 1, ...made, rows: await rowsIn(snapshot, contents), ...contents };
  await sameAs(manifest, join(directory, 'data'));
  await writeFile(join(directory, `${MANIFEST}.new`), JSON.stringify(manifest), { flush: true });
  await rename(join(directory, `${MANIFEST}.new`), join(directory, MANIFEST));
  return manifest;
}

function makeNew(directory: string, mode: number): void {
  try {
    makeDirectories(directory, mode);
  } catch (cause) {
    throw new BackupError('directory_unusable', `${directory} cannot be made (${reasonOf(cause)}): name another directory.`, { cause });
  }
}

/** Copies the tree. @returns the contents of the original */
async function copied(from: string, to: string): Promise<Contents> {
  await cp(from, to, COPY);
  return contentsOf(from);
}

/** Makes `data`, which must be new or empty, the data directory that was backed up. @throws BackupError */
export async function restore(directory: string, data: string): Promise<Manifest> {
  await refuseOther(data, 'restore_not_empty', 'a restore makes a new data directory');
  const manifest = await readManifest(directory);
  await sameAs(manifest, join(directory, 'data'));
  makeNew(data, 0o750);
  const to = join(data, RESTORING);
  await cp(join(directory, 'data'), to, COPY);
  await sameAs(manifest, to);
  for (const name of await readdir(to)) await rename(join(to, name), join(data, name));
  await rm(to, { recursive: true });
  return manifest;
}

/** @throws BackupError `backup_unsound` unless the directory has exactly what the manifest lists */
async function sameAs(manifest: Manifest, directory: string): Promise<void> {
  const found = await contentsOf(directory);
  const said = { ...manifest.files, ...manifest.links };
  const has: Record<string, string> = { ...found.files, ...found.links };
  const other = [...new Set([...Object.keys(said), ...Object.keys(has)])].filter((path) => said[path] !== has[path]);
  if (other.length > 0 || Object.values(found.links).some((target) => !LINK.test(target))) {
    throw new BackupError(
      'backup_unsound',
      `${directory} is not as it was written: ${other.length} files are missing, changed or new (${other.slice(0, 3).join(', ')}). Nothing of it is used: take another backup.`,
    );
  }
}

async function readManifest(directory: string): Promise<Manifest> {
  const unsound = (why: string, cause?: unknown) =>
    new BackupError('backup_unsound', `${directory} ${why}: take another backup.`, { cause });
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
  } catch (error) {
    throw unsound(
      isMissing(error) ? `has no ${MANIFEST}, so it was cut off, or is no backup` : `has no sound ${MANIFEST} (${reasonOf(error)})`,
      error,
    );
  }
  if (manifest.format !== 1) throw unsound(`was made by tcplens ${manifest.tcplens}, in a format that this version does not read`);
  return manifest;
}

/** The contents of a tree. Each file is flushed before it is read. */
async function contentsOf(root: string): Promise<Contents> {
  const contents: Contents = { bytes: 0, files: {}, links: {} };
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) contents.links[relative(root, path)] = await readlink(path);
    if (!entry.isFile()) continue;
    contents.bytes += (await lstat(path)).size;
    contents.files[relative(root, path)] = await digestOf(path);
  }
  return contents;
}

async function digestOf(path: string): Promise<string> {
  await using file = await open(path);
  await file.sync();
  const hash = createHash('sha256');
  for await (const bytes of file.createReadStream({ autoClose: false })) hash.update(bytes);
  return hash.digest('hex');
}

/** By table. The engine writes each part's number of rows into its count.txt. */
async function rowsIn(snapshot: string, { files, links }: Contents): Promise<Record<string, number>> {
  const tables = new Map(Object.entries(links).map(([path, target]) => [target.split('/').at(-1), path.split('/').at(-1) ?? '']));
  const rows: Record<string, number> = {};
  for (const path of Object.keys(files).filter((name) => name.endsWith('/count.txt'))) {
    const table = tables.get(path.split('/')[3]) ?? path;
    rows[table] = (rows[table] ?? 0) + Number(await readFile(join(snapshot, path), 'utf8'));
  }
  return rows;
}

async function refuseOther(directory: string, code: 'backup_exists' | 'restore_not_empty', why: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => (isMissing(error) ? [] : Promise.reject(error)));
  if (names.length > 0) throw new BackupError(code, `${directory} is not empty, and ${why}: name another, or empty it first.`);
}
