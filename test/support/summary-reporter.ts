// Ends a run with the skips and the failures, each with its reason, and one line over all suites: `N passed, N failed, N skipped`.
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { DefaultReporter } from 'vitest/node';

export type Finding = { name: string; reason: string };
/** What a finished run comes to. Some `failures` belong to no test: a file that does not load, a hook, a stray error. */
export type Summary = { passed: number; skips: Finding[]; failures: Finding[] };

/** Lines of a failure's message in the account: enough to know it again where a log keeps its end only. */
const REASON_LINES_MAX = 12;

/**
 * Counts `modules`. A skip without a reason, or a run without a test, is a failure: neither has shown anything.
 * @param passed_before - names of tests that passed in an earlier run: they are not what these modules were run again for
 */
export function summarize(
  modules: readonly TestModule[],
  strayErrors: readonly SerializedError[],
  passed_before: ReadonlySet<string> = new Set(),
): Summary {
  const summary: Summary = { passed: 0, skips: [], failures: [] };
  for (const module of modules) {
    const file = module.relativeModuleId;
    summary.failures.push(...module.errors().map((error) => ({ name: `${file} outside its tests`, reason: messageOf(error) })));
    for (const suite of module.children.allSuites()) {
      summary.failures.push(...suite.errors().map((error) => ({ name: `${file} > ${suite.fullName}, a hook`, reason: messageOf(error) })));
    }
    for (const test of module.children.allTests()) count(summary, test, `${file} > ${test.fullName}`, passed_before);
  }
  summary.failures.push(...strayErrors.map((error) => ({ name: 'outside of any test', reason: messageOf(error) })));
  const tests = summary.passed + summary.failures.length + summary.skips.length;
  if (tests === 0) summary.failures.push({ name: 'the run', reason: 'no test ran' });
  return summary;
}

function count(summary: Summary, test: TestCase, name: string, passed_before: ReadonlySet<string>): void {
  const result = test.result();
  if (result.state === 'passed' || passed_before.has(name)) summary.passed += 1;
  else if (result.state === 'skipped' && result.note) summary.skips.push({ name, reason: result.note });
  else if (result.state === 'skipped' && hookFailed(test.parent)) summary.skips.push({ name, reason: 'a hook before it failed' });
  else if (result.state === 'skipped') summary.failures.push({ name, reason: 'skipped without a reason' });
  else summary.failures.push({ name, reason: result.errors?.map(messageOf).join('\n') ?? result.state });
}

function hookFailed(parent: TestSuite | TestModule): boolean {
  return parent.errors().length > 0 || (parent.type === 'suite' && hookFailed(parent.parent));
}

function messageOf({ message }: SerializedError): string {
  const lines = stripVTControlCharacters(message).split('\n');
  const left_out = lines.length - REASON_LINES_MAX;
  // A message begins with what went wrong and may end with a program's own words: its middle is left out.
  const shown = left_out <= 0 ? lines : [...lines.slice(0, 2), `(${left_out} lines left out)`, ...lines.slice(2 + left_out)];
  return shown.join('\n  ');
}

/** The names of the tests that passed. */
export function passedIn(modules: readonly TestModule[]): ReadonlySet<string> {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  return new Set(
    tests.filter((each) => each.result().state === 'passed').map((each) => `${each.module.relativeModuleId} > ${each.fullName}`),
  );
}

/** @param only_then - what failed at first, of those that passed in a second run */
export function accountText({ passed, skips, failures }: Summary, only_then: readonly Finding[] = []): string {
  const total = `${passed} passed, ${failures.length} failed, ${skips.length} skipped`;
  const lines = [
    ...skips.map(({ name, reason }) => `skipped: ${name}: ${reason}`),
    ...only_then.map(({ name, reason }) => `passed only when run once more: ${name}: at first ${reason}`),
    ...failures.map(({ name, reason }) => `failed: ${name}: ${reason}`),
    only_then.length === 0 ? total : `${total}; ${only_then.length} passed only when run once more`,
  ];
  return `\n${lines.join('\n')}\n`;
}

export class SummaryReporter extends DefaultReporter {
  #vitest: Vitest | undefined;

  override onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    super.onInit(vitest);
  }

  override onTestRunEnd(...run: Parameters<DefaultReporter['onTestRunEnd']>): void {
    super.onTestRunEnd(...run);
    const [modules, strayErrors] = run;
    // `-t NAME` leaves the others out on purpose: it is a person's run, which needs no account.
    if (this.#vitest?.getGlobalTestNamePattern()) return;
    const summary = summarize(modules, strayErrors);
    process.stdout.write(accountText(summary));
    if (summary.failures.length > 0) process.exitCode = 1;
  }
}
