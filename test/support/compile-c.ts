// C sources of the tests become programs where they are needed, in a directory that the caller removes.
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';

/** Further arguments of gcc: a program that reads or writes out of bounds, or does what C leaves undefined, ends with a report. */
export const SANITIZED = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] as const;

/** Compiles a C file, with others that it needs, into `directory`; returns the program's path. */
export function compileC(source: string, directory: string, others: readonly string[] = []): string {
  const program = join(directory, basename(source, '.c'));
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source, ...others]);
  return program;
}
