// Inputs that were findings once, kept under corpus/NAME with a name that says what was wrong: each is run again by every test run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CORPUS = join(import.meta.dirname, 'corpus');

export function corpusOf(name: string): { path: string; bytes: Buffer }[] {
  const folder = join(CORPUS, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({ path: join(folder, file), bytes: readFileSync(join(folder, file)) }));
}
