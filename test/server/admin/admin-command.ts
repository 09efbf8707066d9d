// `tcplens admin` as a process.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../support/project-files.ts';

export type Finished = { code: number | null; stdout: string; stderr: string };

/** Not synchronous: a collector of this process has to answer. */
export async function admin(...args: string[]): Promise<Finished> {
  const child = spawn(join(root, 'tcplens'), ['admin', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    child.stderr.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    new Promise<number | null>((resolve) => child.on('exit', resolve)),
  ]);
  return { code, stdout, stderr };
}

export const parsed = <Answer>({ stdout }: Finished) => JSON.parse(stdout) as Answer;
