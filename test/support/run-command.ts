import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { root } from './project-files.ts';

/** How a command ended and all that it wrote. `code` is 127 if there is no such command, null if a signal ended it. */
export type Finished = { code: number | null; stdout: string; stderr: string };

export type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv; input?: string };

/** Runs a command to its end, in the project's root unless told otherwise. */
export function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Finished {
  const { cwd = root, env = process.env, input = '' } = options;
  const run = spawnSync(command, args, { cwd, env, input, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (run.error) return { code: 127, stdout: '', stderr: run.error.message };
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** The first of `commands` that this machine does not have. */
export function missingCommand(commands: readonly string[]): string | undefined {
  return commands.find((command) => runCommand('sh', ['-c', 'command -v "$0"', command]).code !== 0);
}
