// Counted steps that one can wait for.
import { readdirSync } from 'node:fs';

const LOOK_MS = 10;

export class Progress {
  #count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  get count(): number {
    return this.#count;
  }

  step(): number {
    this.#count++;
    const due = this.#waiting.filter(({ count }) => count <= this.#count);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.#count);
    for (const { resolve } of due) resolve();
    return this.#count;
  }

  /** Resolves at the `count`-th step. */
  reached(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/**
 * Counts the files that come into a directory's folders, and those that go. Polls, and does not wait for events: folders come and go as
 * well.
 */
export function watchFiles(directory: string, came: Progress, went: Progress = new Progress()): { close(): void } {
  let known = new Set<string>();
  const timer = setInterval(() => {
    const found = new Set(filesIn(directory));
    for (const _ of found.difference(known)) came.step();
    for (const _ of known.difference(found)) went.step();
    known = found;
  }, LOOK_MS);
  return { close: () => clearInterval(timer) };
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}
