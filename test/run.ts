// `make test`: every suite, or those that the arguments choose, which are vitest's. A failed file that compares with the kernel is run
// once more if the kernel hid softirqs from all programs while it ran (support/witness.ts): it may have missed what nobody could see.
// The second run judges the tests that failed: another one may lack what the kernel hides meanwhile.
// The account names the tests that passed only then, with what they said at first. On a kernel that hides nothing, nothing is run twice.
import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';
import { parseCLI, startVitest } from 'vitest/node';
import { Durations } from './support/durations.ts';
import { HiddenByFile } from './support/hidden-by-file.ts';
import { Overdue } from './support/overdue.ts';
import { runAgain } from './support/run-again.ts';
import { removeStrayNetns } from './support/stray-netns.ts';
import { accountText, passedIn, SummaryReporter, summarize } from './support/summary-reporter.ts';
import { startWitness, type Witness } from './support/witness.ts';

const { filter, options: given } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
// `exclude` of vitest's command line adds to what its projects exclude; `exclude` of its options is not asked by them.
const { exclude: cliExclude = [], ...options } = given;

/** Runs test files; `process.exitCode` is not 0 where one failed. */
async function runFiles(files: readonly string[], ...beside: Reporter[]) {
  const overdue = new Overdue();
  // The account comes last: a log may keep its end only.
  const reporters = [...beside, new SummaryReporter(), overdue];
  const stopped = () => {
    process.stdout.write(`\nstopped by a signal, while there ran:${overdue.text()}until then:${accountText(summarize(overdue.ended, []))}`);
    process.exit(143);
  };
  process.once('SIGTERM', stopped);
  const vitest = await startVitest('test', [...files], { reporters, ...options, cliExclude, run: true, watch: false });
  const modules: readonly TestModule[] = vitest.state.getTestModules();
  const stray = vitest.state.getUnhandledErrors() as Parameters<typeof summarize>[1];
  await vitest.close();
  process.off('SIGTERM', stopped);
  return { modules, stray };
}

/** Undefined where it cannot be known what this kernel hides. */
async function witnessed(): Promise<Witness | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return startWitness().catch((error: Error) => {
    console.log(`whether this kernel hides softirqs from programs is not known: ${error.message}`);
    return undefined;
  });
}

const fileOf = ({ relativeModuleId }: TestModule) => relativeModuleId;

const left = process.getuid?.() === 0 ? removeStrayNetns() : [];
if (left.length > 0) console.log(`removed network namespaces of killed tests: ${left.join(', ')}`);
const witness = await witnessed();
const hidden = new HiddenByFile(async () => (await witness?.ask())?.hidden ?? 0);
const first = await runFiles(filter, hidden, new Durations());
witness?.close();
const failed = first.modules.filter((module) => summarize([module], []).failures.length > 0);
const again = runAgain(failed.map(fileOf), hidden.counts);
if (again.length > 0) {
  const why = again.map((file) => `${file} (${hidden.counts.get(file)})`);
  console.log(`\nrun once more, since softirqs reached no program while they ran: ${why.join(', ')}`);
  const second = await runFiles(again);
  const kept = first.modules.filter((module) => !again.includes(fileOf(module)));
  const before = passedIn(first.modules);
  const summary = summarize([...kept, ...second.modules], [...first.stray, ...second.stray], before);
  const then = passedIn(second.modules);
  const only_then = summarize(first.modules, first.stray).failures.filter(({ name }) => then.has(name));
  process.stdout.write(`\nall together:${accountText(summary, only_then)}`);
  process.exitCode = summary.failures.length > 0 ? 1 : 0;
}
