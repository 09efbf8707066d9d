// Builds and runs the targets in C: libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';
import { seedsOf } from './c-seeds.ts';
import { CORPUS } from './corpus.ts';
import { crashesOf, makeFolders, type Result, type RunOptions } from './result.ts';

const FLAGS = [
  '-std=gnu11',
  '-g',
  '-O1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fsanitize=fuzzer,address,undefined',
  '-fno-sanitize-recover=undefined',
];
const RUN_FLAGS = ['-max_len=16384', '-rss_limit_mb=1500', '-timeout=20', '-print_final_stats=1', '-verbosity=1'];

/** What of bpf/ is linked to each; `libs`: for the linker. A target includes the file that it is about. */
const C_SOURCES = {
  rows: {
    files: ['reader', 'tally', 'tally_check', 'tally_groups', 'tally_terms', 'row_size', 'clock'],
    libs: ['-l:libbpf.so.1'],
  },
  filter: { files: [], libs: [] },
  tally: { files: ['tally', 'tally_check', 'tally_groups', 'tally_terms', 'row_size'], libs: [] },
} as const satisfies Record<string, { files: readonly string[]; libs: readonly string[] }>;

export type CTarget = keyof typeof C_SOURCES;
export const C_TARGETS = Object.keys(C_SOURCES) as CTarget[];

/** Why none can be built here. */
export function whyNoFuzzer(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-fuzz-'));
  try {
    const source = join(directory, 'empty.c');
    writeFileSync(source, 'int LLVMFuzzerTestOneInput(const char *bytes, unsigned long size) { (void)bytes; (void)size; return 0; }\n');
    const { code, stderr } = runCommand('clang', [...FLAGS, '-o', join(directory, 'empty'), source]);
    return code === 0 ? undefined : `clang with libFuzzer (libclang-rt-dev) is not there: ${stderr.split('\n')[0]}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function build(name: CTarget, folder: string): string {
  const program = join(folder, `fuzz-${name}`);
  const { files, libs } = C_SOURCES[name];
  const sources = [join(import.meta.dirname, `c/${name}.c`), ...files.map((file) => join(root, `bpf/loader/${file}.c`))];
  const { code, stderr } = runCommand('clang', [...FLAGS, '-o', program, ...sources, ...libs]);
  if (code !== 0) throw new Error(`${name} does not compile: ${stderr}`);
  return program;
}

export async function runC(name: CTarget, { seconds, folder, seed }: RunOptions): Promise<Result> {
  makeFolders(folder);
  const seeds = join(folder, 'seeds');
  mkdirSync(seeds, { recursive: true });
  for (const [index, bytes] of seedsOf(name).entries()) writeFileSync(join(seeds, String(index)), bytes);
  const findings = [join(CORPUS, name)].filter((path) => existsSync(path));
  const kept = () => readdirSync(join(folder, 'corpus')).length;
  const before = kept();
  const args = [...RUN_FLAGS, `-seed=${seed}`, `-max_total_time=${seconds}`, `-artifact_prefix=${crashesOf(folder)}/`];
  const child = spawn(build(name, folder), [...args, join(folder, 'corpus'), seeds, ...findings]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const covered = [...said.matchAll(/\bcov: (\d+)/g)].map(([, edges]) => Number(edges));
  return {
    executions: Number(/number_of_executed_units: (\d+)/.exec(said)?.[1] ?? 0),
    covered_by_seeds: Number(/INITED\s+cov: (\d+)/.exec(said)?.[1] ?? 0),
    covered: covered.at(-1) ?? 0,
    kept: kept() - before,
    crashes: code === 0 ? [] : readdirSync(crashesOf(folder)).map((file) => join(crashesOf(folder), file)),
    said: code === 0 ? '' : `ended with ${code}\n${said.slice(-4000)}`,
  };
}
