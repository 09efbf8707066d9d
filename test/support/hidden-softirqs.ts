// Whether this kernel keeps softirqs from BPF programs, as kernels of sandboxes do where they shield a process: more ran, by the
// kernel's own count, than a program that does nothing else has seen. On all others it is none, always.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { compileC } from './compile-c.ts';

const COUNTED = ['TIMER:', 'NET_TX:', 'NET_RX:'];

/** By the kernel's own count, over all processors. */
function softirqsRun(): number {
  const lines = readFileSync('/proc/softirqs', 'utf8').split('\n');
  const counts = lines.map((line) => line.trim().split(/\s+/)).filter(([name = '']) => COUNTED.includes(name));
  return counts.flatMap(([, ...each]) => each.map(Number)).reduce((sum, count) => sum + count, 0);
}

/** Begins to watch. Asked at the end, says how many softirqs reached no program; 0 where it cannot be known. */
export async function watchSoftirqs(): Promise<() => Promise<number>> {
  if (process.getuid?.() !== 0) return async () => 0;
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-softirqs-'));
  try {
    return await count(directory);
  } catch (error) {
    console.log(`whether this kernel hides softirqs from programs is not known: ${error instanceof Error ? error.message : error}`);
    rmSync(directory, { recursive: true, force: true });
    return async () => 0;
  }
}

/** Compiles the counter into `directory`, which goes at the end, and starts it. */
async function count(directory: string): Promise<() => Promise<number>> {
  const source = (name: string) => join(import.meta.dirname, name);
  const object = join(directory, 'softirqs.bpf.o');
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  execFileSync('clang', ['-target', 'bpf', '-g', '-O2', `-I/usr/include/${multiarch}`, '-c', source('softirqs.bpf.c'), '-o', object]);
  const counter = spawn(compileC(source('softirqs.c'), directory, ['-lbpf']), [object], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: counter.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<number | undefined> => {
    const { value } = await lines.next();
    return value === undefined ? undefined : Number(value);
  };
  // Asked in this order what comes between the two questions is taken for seen.
  const before = await next();
  const ran_before = softirqsRun();
  if (before === undefined) throw new Error('the program that counts them ended at once');
  return async () => {
    const ran = softirqsRun() - ran_before;
    counter.stdin.write('?');
    const after = await next();
    counter.stdin.end();
    rmSync(directory, { recursive: true, force: true });
    return after === undefined ? 0 : Math.max(0, ran - (after - before));
  };
}
