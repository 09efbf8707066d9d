// A process of the soak: started again on the same place, what it holds of the machine, and what it complains of.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../support/project-files.ts';

/** Levels of pino from which on a line is a complaint. */
const WARN = 40;

/** Resident memory, which counts what it shares with others in full, and descriptors. */
type Look = { rss_mib: number; descriptors: number };
/** The least memory it had at any look and the most, and the most descriptors. */
export type Held = { least_mib: number; most_mib: number; descriptors: number };

export class Watched {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #ready: RegExp;
  readonly #complains: (text: string) => void;
  #child: ChildProcess | undefined;
  #ending = false;
  #looks: Look[] = [];

  /** @param ready what its log says once it works; its first group is what `start` returns */
  constructor(name: string, options: { args: readonly string[]; ready: RegExp; complains: (text: string) => void }) {
    this.name = name;
    this.#args = options.args;
    this.#ready = options.ready;
    this.#complains = options.complains;
  }

  /** Resolves when it works. */
  async start(...more: string[]): Promise<string> {
    // With a channel to it: a soak that is interrupted takes its processes along.
    const child = spawn(join(root, 'tcplens'), [...this.#args, ...more, '--exit-with-parent'], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#ending = false;
    const ready = Promise.withResolvers<string>();
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      const found = this.#ready.exec(line);
      if (found) ready.resolve(found[1] ?? '');
      if (isComplaint(line)) this.#complains(`${this.name}: ${line.slice(0, 500)}`);
    });
    child.once('exit', (code, signal) => {
      if (!this.#ending || code !== 0) this.#complains(`${this.name} ended: ${signal ?? `exit code ${code}`}`);
      ready.reject(new Error(`${this.name} ended before it worked`));
    });
    return ready.promise;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.#ending = true;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }

  /** Looks at what it has now. While it does not run there is nothing to see. */
  look(): void {
    try {
      const directory = `/proc/${this.#child?.pid}`;
      const rss_kib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`${directory}/status`, 'utf8'))?.[1]);
      // One that is ending has given back its memory before its entry goes.
      if (rss_kib > 0) this.#looks.push({ rss_mib: rss_kib / 1024, descriptors: readdirSync(`${directory}/fd`).length });
    } catch {}
  }

  /** What the looks since the last time have seen; undefined where none has seen anything. */
  held(): Held | undefined {
    const looks = this.#looks;
    this.#looks = [];
    if (looks.length === 0) return undefined;
    const mib = looks.map(({ rss_mib }) => rss_mib);
    return {
      least_mib: Math.min(...mib),
      most_mib: Math.max(...mib),
      descriptors: Math.max(...looks.map(({ descriptors }) => descriptors)),
    };
  }
}

/** What is no line of the log comes from where nobody logs: a stack, or the engine's own words. */
function isComplaint(line: string): boolean {
  try {
    return (JSON.parse(line) as { level: number }).level >= WARN;
  } catch {
    return true;
  }
}
