// A copy of the project for mutants, outside of the project's folder. It shares the project's packages.
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root } from '../support/project-files.ts';

const LEFT_OUT = new Set(['node_modules', '.git', '.data']);

export class Tree {
  readonly path = mkdtempSync(join(tmpdir(), 'tcplens-teeth-'));

  constructor() {
    cpSync(root, this.path, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    symlinkSync(join(root, 'node_modules'), join(this.path, 'node_modules'));
    // A mutant may leave a variable unused. Such a warning must not count as an error, since tests and not the compiler have to notice it.
    this.write('bpf/Makefile', this.read('bpf/Makefile').replaceAll(' -Werror', ''));
  }

  read = (file: string): string => readFileSync(join(this.path, file), 'utf8');
  write = (file: string, text: string): void => writeFileSync(join(this.path, file), text);
  /** Restores a file from the project. */
  restore = (file: string): void => copyFileSync(join(root, file), join(this.path, file));
  /** Retries, since killed tests may still be writing. */
  remove = (): void => rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
