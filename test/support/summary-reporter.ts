// Ends a run with the skips, each with its reason, and one line over all suites: `N passed, N failed, N skipped`.
import process from 'node:process';
import type { TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import { DefaultReporter } from 'vitest/node';

/** What a finished run comes to. `problems` are the failures that belong to no test: a file that does not load, a hook, a stray error. */
export type Summary = { passed: number; failed: number; skips: { name: string; reason: string }[]; problems: string[] };

/** Counts `modules`. A skip without a reason, or a run without a test, is a failure: neither has shown anything. */
export function summarize(modules: readonly TestModule[], strayErrors: number): Summary {
  const summary: Summary = { passed: 0, failed: 0, skips: [], problems: [] };
  for (const module of modules) {
    const file = module.relativeModuleId;
    if (module.errors().length > 0) summary.problems.push(`${file}: failed outside its tests`);
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) summary.problems.push(`${file} > ${suite.fullName}: its hook failed`);
    }
    for (const test of module.children.allTests()) count(summary, test, `${file} > ${test.fullName}`);
  }
  if (strayErrors > 0) summary.problems.push(`${strayErrors} errors outside of any test`);
  const tests = summary.passed + summary.failed + summary.skips.length;
  if (tests === 0) summary.problems.push('no test ran');
  summary.failed += summary.problems.length;
  return summary;
}

function count(summary: Summary, test: TestCase, name: string): void {
  const result = test.result();
  if (result.state === 'passed') summary.passed += 1;
  else if (result.state === 'skipped' && result.note) summary.skips.push({ name, reason: result.note });
  else if (result.state === 'skipped' && hookFailed(test.parent)) summary.skips.push({ name, reason: 'a hook before it failed' });
  else if (result.state === 'skipped') summary.problems.push(`${name}: skipped without a reason`);
  else summary.failed += 1;
}

function hookFailed(parent: TestSuite | TestModule): boolean {
  return parent.errors().length > 0 || (parent.type === 'suite' && hookFailed(parent.parent));
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
    const { passed, failed, skips, problems } = summarize(modules, strayErrors.length);
    const lines = [
      ...problems.map((problem) => `failed: ${problem}`),
      ...skips.map(({ name, reason }) => `skipped: ${name}: ${reason}`),
      `${passed} passed, ${failed} failed, ${skips.length} skipped`,
    ];
    process.stdout.write(`\n${lines.join('\n')}\n`);
    if (failed > 0) process.exitCode = 1;
  }
}
