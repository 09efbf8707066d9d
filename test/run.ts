// `make test`: every suite, or those that the arguments choose, which are vitest's. Where the kernel kept softirqs from all BPF
// programs meanwhile (hidden-softirqs.ts), what a test of real traffic misses may be what nobody could see: such files, if they are
// few, are run once more, and what they say then counts. On a kernel that hides nothing, nothing is run twice.
import process from 'node:process';
import type { TestModule } from 'vitest/node';
import { parseCLI, startVitest } from 'vitest/node';
import { watchSoftirqs } from './support/hidden-softirqs.ts';
import { runAgain } from './support/run-again.ts';
import { accountText, summarize } from './support/summary-reporter.ts';

type Modules = readonly TestModule[];
const { filter, options: given } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
// `exclude` of vitest's command line adds to what its projects exclude; `exclude` of its options is not asked by them.
const { exclude: cliExclude = [], ...options } = given;

/** Runs test files; returns those that were run. `process.exitCode` is not 0 where one failed. */
async function runFiles(files: string[]): Promise<{ modules: Modules; stray: Parameters<typeof summarize>[1] }> {
  const vitest = await startVitest('test', files, { ...options, cliExclude, run: true, watch: false });
  const found = { modules: vitest.state.getTestModules(), stray: vitest.state.getUnhandledErrors() as Parameters<typeof summarize>[1] };
  await vitest.close();
  return found;
}

const failed = (modules: Modules) => modules.filter((module) => summarize([module], []).failures.length > 0);
const fileOf = ({ relativeModuleId }: TestModule) => relativeModuleId;

const askHidden = await watchSoftirqs();
const first = await runFiles(filter);
const hidden = await askHidden();
const again = runAgain(failed(first.modules).map(fileOf), { hidden, stray: first.stray.length });
if (again.length > 0) {
  console.log(`\nrun once more, since the kernel kept ${hidden} softirqs from every program meanwhile: ${again.join(', ')}`);
  process.exitCode = 0;
  const second = await runFiles([...again]);
  const kept = first.modules.filter((module) => !again.includes(fileOf(module)));
  process.stdout.write(`\nall together:${accountText(summarize([...kept, ...second.modules], second.stray))}`);
}
