// C sources of the tests become programs where they are needed, in a directory that the caller removes.
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

/** Compiles one C file into `directory`; returns the program's path. */
export function compileC(source: string, directory: string): string {
  const program = join(directory, basename(source, '.c'));
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source]);
  return program;
}
