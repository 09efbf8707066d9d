// What a TypeScript or Svelte file takes from elsewhere, in every form: static, dynamic, of types only, as a worker.
import { join, normalize } from 'node:path';
import ts from 'typescript';
import type { ProjectFile } from './project-files.ts';

/** Specifiers as they are written. */
export function importsOf(path: string, text: string): string[] {
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  const { importedFiles } = ts.preProcessFile(code, true, true);
  const workers = code.matchAll(/Worker\(\s*new URL\(\s*(['"`])(.+?)\1,\s*import\.meta\.url/g);
  const globs = code.matchAll(/import\.meta\.glob(?:<.*?>)?\(\s*(['"`])(.+?)\1/g);
  return [...importedFiles.map(({ fileName }) => fileName), ...[...workers, ...globs].map((match) => match[2] ?? '')];
}

function scriptsOf(svelte: string): string {
  return [...svelte.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map((match) => match[1]).join('\n');
}

/** Paths from the root of the project's files that `file` imports. */
export function projectImportsOf({ path, text }: ProjectFile): string[] {
  return importsOf(path, text)
    .filter((specifier) => /^\.{1,2}\//.test(specifier))
    .map((specifier) => normalize(join(path, '..', specifier)).replace(/[?#].*$/, ''));
}

/** Names of the packages that `file` imports; Node's own modules keep their `node:`. */
export function packagesOf({ path, text }: ProjectFile): string[] {
  return importsOf(path, text)
    .filter((specifier) => !/^[./]/.test(specifier))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
}

/**
 * Files that import each other, directly or through others, as groups: each file of a group is reached from each other. A file that imports
 * itself is a group too.
 */
export function circlesOf(files: readonly ProjectFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, projectImportsOf(file)]));
  const reached = new Map(files.map(({ path }) => [path, reachableFrom(path, imports)]));
  const isBoth = (a: string, b: string): boolean => reached.get(a)?.has(b) === true && reached.get(b)?.has(a) === true;
  const left = new Set([...imports.keys()].filter((path) => isBoth(path, path)).sort());
  const circles: string[][] = [];
  for (const first of left) {
    const circle = [...left].filter((path) => isBoth(first, path));
    for (const path of circle) left.delete(path);
    circles.push(circle);
  }
  return circles;
}

/** The files that `path` imports, and those that these import, and so on. */
function reachableFrom(path: string, imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...(imports.get(path) ?? [])];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    next.push(...(imports.get(file) ?? []));
  }
  return reached;
}
