// The HTTP front over the embedded engine as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** For what it is still asked. */
const END_MS_MAX = 100_000;

export type Front = { url: string; port: number; end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void> };

/** @param port 0 takes a free one; that of a front that has ended, to stand in its place */
export async function startFront(directory: string, port = 0): Promise<Front> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'http-front.ts'), directory, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  child.stdout.once('data', (said: Buffer) => resolve(Number(said.toString())));
  child.once('exit', () => resolve(undefined));
  const listening = await promise;
  if (listening === undefined) {
    if (port === 0) throw new Error('the front ended, for the reason above');
    // While there was none, somebody else of this machine may have got its port, as connections do for a while.
    await sleep(100);
    return startFront(directory, port);
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    let isOverdue = false;
    const late = setTimeout(() => {
      isOverdue = true;
      child.kill('SIGKILL');
    }, END_MS_MAX);
    await exit;
    clearTimeout(late);
    if (isOverdue) throw new Error(`the front did not end within ${END_MS_MAX / 1000} s`);
  };
  return { url: `http://127.0.0.1:${listening}`, port: listening, end };
}
