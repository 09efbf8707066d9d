// Ends a long run with where its time went, by project and by file.
import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

/** With fewer files nobody wants to know. */
const FILES_LEAST = 20;
const FILES_SHOWN = 20;

type File = { project: string; name: string; began_ms: number; ended_ms: number };

export class Durations implements Reporter {
  readonly #now: () => number;
  readonly #began = new Map<string, number>();
  readonly #files: File[] = [];

  /** @param now in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  onTestModuleQueued({ id }: Pick<TestModule, 'id'>): void {
    this.#began.set(id, this.#now());
  }

  onTestModuleEnd({ id, relativeModuleId: name, project }: Pick<TestModule, 'id' | 'relativeModuleId' | 'project'>): void {
    const ended_ms = this.#now();
    this.#files.push({ project: project.name, name, began_ms: this.#began.get(id) ?? ended_ms, ended_ms });
  }

  onTestRunEnd(): void {
    if (this.#files.length >= FILES_LEAST) process.stdout.write(`\n${this.text()}\n`);
  }

  /** A line for each project, from its first file's begin to its last file's end, then one for each of the slowest files. */
  text(): string {
    const projects = [...Map.groupBy(this.#files, ({ project }) => project)].map(
      ([project, files]) => `took ${seconds(spanOf(files))}: ${project}, ${files.length} ${files.length === 1 ? 'file' : 'files'}`,
    );
    const slowest = this.#files.toSorted((a, b) => spanOf([b]) - spanOf([a])).slice(0, FILES_SHOWN);
    return [...projects, ...slowest.map((file) => `took ${seconds(spanOf([file]))}: ${file.name}`)].join('\n');
  }
}

const spanOf = (files: readonly File[]) =>
  Math.max(...files.map(({ ended_ms }) => ended_ms)) - Math.min(...files.map(({ began_ms }) => began_ms));
const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
