// Runs the targets in TypeScript, each in a process that is watched: one that hangs, dies or takes all memory leaves its last input behind.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { JsResult } from './js/fuzz.ts';
import { crashesOf, makeFolders, type Result, type RunOptions } from './result.ts';

const HEAP_MIB_MAX = 1024;
/** An input that runs for longer hangs: it is a hundred times what the fuzzer itself takes for too long. */
const HANG_MS = 100_000;
const LOOK_MS = 1000;

export const JS_TARGETS: readonly string[] = readdirSync(join(import.meta.dirname, 'js/targets')).map((file) => file.replace(/\.ts$/, ''));

export async function runJs(name: string, { seconds, folder, seed }: RunOptions): Promise<Result> {
  makeFolders(folder);
  const last = join(folder, 'last');
  rmSync(last, { force: true });
  const program = join(import.meta.dirname, 'js/fuzz.ts');
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB_MAX}`, program, name, String(seconds), String(seed), folder]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk));
  const watch = setInterval(() => {
    if (!existsSync(last) || Date.now() - statSync(last).mtimeMs < HANG_MS) return;
    output.stderr += `an input has run for ${HANG_MS / 1000} s\n`;
    child.kill('SIGKILL');
  }, LOOK_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (code === 0) return { ...(JSON.parse(output.stdout) as JsResult), crashes: [], said: '' };
  const crash = join(crashesOf(folder), `crash-${seed}.bin`);
  if (existsSync(last)) copyFileSync(last, crash);
  return { executions: 0, covered_by_seeds: 0, covered: 0, kept: 0, crashes: [crash], said: output.stderr || `ended with ${code}` };
}
