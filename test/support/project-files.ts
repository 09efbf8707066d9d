// The project's own files, for the rules that are tests: what npm, a build or a run has made is left out.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export type ProjectFile = { path: string; text: string };

const made = new Set(['node_modules', '.git', '.data', 'dist', 'package-lock.json']);
const binary = /\.(o|so|png|tcplens|ico|woff2|tsbuildinfo|bin)$/;

/** Every text file, by its path from the root. */
export function projectFiles(folder = ''): ProjectFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (made.has(basename(path)) || binary.test(path)) return [];
    if (entry.isDirectory()) return projectFiles(path);
    return entry.isFile() ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}
