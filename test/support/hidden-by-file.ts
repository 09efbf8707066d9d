// A reporter that prints nothing: it counts, by the witness, how many softirqs were hidden from every program while each file ran.
import type { Reporter, TestModule } from 'vitest/node';
import { comparesWithKernel } from './run-again.ts';

export class HiddenByFile implements Reporter {
  readonly #askHidden: () => Promise<number>;
  readonly #before = new Map<string, number>();
  /** Softirqs, by the file's path in the project. Files that do not compare with the kernel are not in it. */
  readonly counts = new Map<string, number>();

  /** @param askHidden - how many were hidden so far */
  constructor(askHidden: () => Promise<number>) {
    this.#askHidden = askHidden;
  }

  /** The file's process waits for this, so nothing of the file has run yet. */
  async onTestModuleQueued({ relativeModuleId: file }: TestModule): Promise<void> {
    if (comparesWithKernel(file)) this.#before.set(file, await this.#askHidden());
  }

  async onTestModuleEnd({ relativeModuleId: file }: TestModule): Promise<void> {
    const before = this.#before.get(file);
    if (before !== undefined) this.counts.set(file, (await this.#askHidden()) - before);
  }
}
