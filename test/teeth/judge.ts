// Runs a suite in a copy of the project and returns its outcome.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Suite } from './mutant.ts';
import type { Tree } from './tree.ts';

/** The parts of vitest's report that are read here. */
type Report = {
  testResults: { message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
};

export type Verdict = {
  /** `empty`: no test ran to its end, as all were skipped or none has a matching name */
  outcome: 'passed' | 'failed' | 'timeout' | 'empty';
  ms: number;
  /** the first failed test with its error, or why nothing ran */
  detail: string;
};

const REPORT = 'teeth-report.json';

const firstLine = (text = ''): string => text.split('\n', 1)[0] ?? '';

function readReport(tree: Tree): Pick<Verdict, 'outcome' | 'detail'> {
  const { testResults } = JSON.parse(readFileSync(join(tree.path, REPORT), 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed) return { outcome: 'failed', detail: `${failed.fullName}: ${firstLine(failed.failureMessages[0])}` };
  const message = testResults.map((each) => each.message).find((text) => text);
  if (message) return { outcome: 'failed', detail: firstLine(message) };
  return { outcome: tests.some(({ status }) => status === 'passed') ? 'passed' : 'empty', detail: 'no test of these ran' };
}

/** Kills the tests with all processes that they have started. */
function end(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

export async function judge(tree: Tree, { files, name, env }: Suite, timeout_ms: number): Promise<Verdict> {
  const begun = Date.now();
  rmSync(join(tree.path, REPORT), { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--reporter=json', `--outputFile=${REPORT}`];
  const chosen = name ? ['-t', name] : [];
  const child = spawn(process.execPath, [...vitest, ...chosen, ...files], {
    cwd: tree.path,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr?.on('data', (text) => {
    said += String(text);
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end(child.pid);
  }, timeout_ms);
  const endWithThis = () => end(child.pid);
  process.prependOnceListener('exit', endWithThis);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  end(child.pid);
  process.off('exit', endWithThis);
  const ms = Date.now() - begun;
  if (late) return { outcome: 'timeout', ms, detail: `not over after ${timeout_ms / 1000} s` };
  try {
    const report = readReport(tree);
    // vitest exits with an error without a failed test if an error occurred outside of tests.
    if (report.outcome === 'passed' && code !== 0) return { outcome: 'failed', ms, detail: `ended with ${code}: ${firstLine(said)}` };
    return { ...report, ms };
  } catch (error) {
    return { outcome: 'failed', ms, detail: `no report, ended with ${code}: ${firstLine(said) || String(error)}` };
  }
}
