import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

const SECOND = 1000;

/** A suite that owns the machine while it runs (namespaces, a browser, killed processes): one file at a time, after the others. */
function alone(name: string, groupOrder: number, testTimeout: number): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: false,
      maxWorkers: 1,
      sequence: { groupOrder },
      testTimeout,
      hookTimeout: testTimeout,
    },
  };
}

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    include: ['test/{agent,bpf,server,dashboards,project,support}/**/*.test.ts'],
    sequence: { groupOrder: 0 },
    testTimeout: 60 * SECOND,
    hookTimeout: 60 * SECOND,
  },
};

export default defineConfig({
  test: {
    // Processes, not threads: chdb and the loader are native code with state of their own.
    pool: 'forks',
    // A test that needs a timeout to pass is broken: these only end what hangs.
    projects: [
      unit,
      alone('kernel', 1, 180 * SECOND),
      alone('fidelity', 2, 300 * SECOND),
      alone('kernels', 3, 600 * SECOND),
      alone('faults', 4, 240 * SECOND),
      alone('browser', 5, 240 * SECOND),
      alone('fresh', 6, 3600 * SECOND),
    ],
    reporters: [new SummaryReporter()],
  },
});
