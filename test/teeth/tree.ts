// A copy of the project to make wrong, outside of the project. Its packages are the project's own.
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
    // A mutant may well leave a variable unused: that is not for the compiler to find.
    this.write('bpf/Makefile', this.read('bpf/Makefile').replaceAll(' -Werror', ''));
  }

  read = (file: string): string => readFileSync(join(this.path, file), 'utf8');
  write = (file: string, text: string): void => writeFileSync(join(this.path, file), text);
  /** Has a file as it is in the project. */
  restore = (file: string): void => copyFileSync(join(root, file), join(this.path, file));
  /** Tests that were ended may still be writing. */
  remove = (): void => rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
