import { join } from 'node:path';
import process from 'node:process';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';
import { WaitingFirst } from './test/support/waiting-first.ts';

// All that the tests start inherits it, as if ./tcplens had started it: without it each process strips the types of all sources anew.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/tcplens/node');

const SECOND = 1000;
/**
 * The slowest test took a third of it on a machine with a load of 13. A test that waits for what never comes must leave time for the others.
 * No limit where properties are tried thousands of times.
 */
const HANGS = process.env['TCPLENS_RUNS'] === undefined ? 300 * SECOND : 0;

/** One a core: vitest would leave one idle, which is half of a machine of two. */
const WORKERS = '100%';

/** `hangs`: the time limit of a test, ms. */
type Suite = { name: string; groupOrder: number; hangs?: number; globalSetup?: string[] };

/** A suite that owns the machine while it runs (namespaces, killed processes): one file at a time, after the others. */
function alone({ name, groupOrder, hangs = HANGS, globalSetup = [] }: Suite): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      globalSetup,
      fileParallelism: false,
      maxWorkers: 1,
      sequence: { groupOrder },
      testTimeout: hangs,
      hookTimeout: hangs,
    },
  };
}

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    include: ['test/{agent,bpf,server,dashboards,fuzz,project,support}/**/*.test.ts'],
    setupFiles: ['test/support/tries.ts'],
    maxWorkers: WORKERS,
    sequence: { groupOrder: 0 },
    testTimeout: HANGS,
    hookTimeout: HANGS,
  },
};

const PAGES = ['test/support/build-dashboards.ts'];

/** Collectors, agents and browsers of their own, on ports of their own. */
const browser: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    globalSetup: PAGES,
    maxWorkers: WORKERS,
    sequence: { groupOrder: 5 },
    testTimeout: HANGS,
    hookTimeout: HANGS,
  },
};

export default defineConfig({
  test: {
    // Processes, not threads: chdb and the loader are native code with state of their own.
    pool: 'forks',
    projects: [
      unit,
      alone({ name: 'kernel', groupOrder: 1 }),
      // All of its traffic comes before its first test.
      alone({ name: 'fidelity', groupOrder: 2, hangs: 2 * HANGS, globalSetup: PAGES }),
      alone({ name: 'kernels', groupOrder: 3, hangs: 2 * HANGS }),
      // One seeded run is a test, and waits for many things.
      alone({ name: 'faults', groupOrder: 4, hangs: 4 * HANGS }),
      // More hosts take longer to start.
      alone({ name: 'fleet', groupOrder: 4, hangs: 6 * HANGS }),
      alone({ name: 'investigations', groupOrder: 4 }),
      browser,
      // It installs all that a bare Debian lacks, and one of its tests is `make test`.
      alone({ name: 'fresh', groupOrder: 6, hangs: 12 * HANGS }),
    ],
    reporters: [new SummaryReporter()],
    sequence: { sequencer: WaitingFirst },
  },
});
