// The order of test files: those that wait for most of their time begin first, so that others have the machine meanwhile. Otherwise the
// order is vitest's.
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** They let connections of real traffic wait as long as their users would. */
const WAITING: ReadonlySet<string> = new Set(['test/browser/scenarios.test.ts', 'test/browser/losses.test.ts']);

const rank = ({ moduleId, project }: TestSpecification) => (WAITING.has(moduleId.slice(project.config.root.length + 1)) ? 0 : 1);
const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;

export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Groups stay apart, and within one what was sorted before stays as it is.
    return (await super.sort(files)).toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b));
  }
}
