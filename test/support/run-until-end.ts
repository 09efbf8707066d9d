import { type SpawnOptions, spawn } from 'node:child_process';

/** How a command ended, and all that it wrote. The signal is SIGKILL where a test's `timeout` ended it. */
export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/**
 * Runs a command to its end while this process goes on, and so can answer what the command asks of it. `input`: all of its standard input.
 */
export async function runUntilEnd(
  command: string,
  args: readonly string[],
  { input = '', ...options }: SpawnOptions & { input?: string } = {},
): Promise<Ended> {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'], killSignal: 'SIGKILL' });
  // A command that does not read it may have ended already.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    child.stderr.toArray().then((chunks) => Buffer.concat(chunks).toString()),
    new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.on('exit', (...how) => resolve(how))),
  ]);
  return { code, signal, stdout, stderr };
}
