// An archive in cpio's "newc" format, the one that Linux unpacks into its first root file system.

export type Entry = { path: string; mode: number; content: Uint8Array };

const DIRECTORY = 0o040755;
export const PROGRAM = 0o100755;
export const FILE = 0o100644;

const hex = (field: number): string => field.toString(16).padStart(8, '0');
const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);

function record({ path, mode, content }: Entry, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, size, device and special device (major, minor each), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.concat([Buffer.from(`070701${fields.map(hex).join('')}`), name]);
  return [head, padding(head.length), content, padding(content.length)];
}

/** Every folder that leads to one of `paths`, parents first. */
function foldersOf(paths: readonly string[]): string[] {
  const folders = paths.flatMap((path) => {
    const parts = path.split('/').slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  return [...new Set(folders)].sort();
}

/** The archive of `files`, whose paths have no leading slash, `folders` are empty ones besides. */
export function cpio(files: readonly Entry[], folders: readonly string[]): Uint8Array {
  const none = Buffer.alloc(0);
  const paths = [...files.map(({ path }) => path), ...folders.map((folder) => `${folder}/`)];
  const entries = [
    ...foldersOf(paths).map((path) => ({ path, mode: DIRECTORY, content: none })),
    ...files,
    { path: 'TRAILER!!!', mode: 0, content: none },
  ];
  return Buffer.concat(entries.flatMap((entry, index) => record(entry, index + 1)));
}
