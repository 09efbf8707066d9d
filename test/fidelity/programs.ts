// The traffic programs: compiled once, run as processes, their lines read as they come.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileC } from '../support/compile-c.ts';
import type { Pair } from '../support/netns.ts';
import type { Figures, Said } from './scenario.ts';

/** A program that hangs is ended after this time: longer than any script takes on a busy machine, and short enough to report it. */
const DEADLINE_MS = 250_000;

export type Programs = { endpoint: string; relay: string };

/** Compiles them into `directory`. */
export function compilePrograms(directory: string): Programs {
  const source = (name: string) => new URL(`traffic/${name}.c`, import.meta.url).pathname;
  return { endpoint: compileC(source('endpoint'), directory), relay: compileC(source('relay'), directory) };
}

/** A process whose standard output is lines. */
export class Talker {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<unknown>;
  #changed = Promise.withResolvers<void>();

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.#ended = once(child, 'close');
    if (!child.stdout) throw new Error(`${name}: its output is not read`);
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#wake();
    });
    void this.#ended.then(() => this.#wake());
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  get gone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until so many lines fulfil `wanted`. */
  async until(wanted: (line: string) => boolean, count = 1): Promise<void> {
    await this.#within(
      (async () => {
        while (this.lines.filter(wanted).length < count) {
          if (this.gone) throw new Error(`${this.#name} ended early:\n${this.lines.join('\n')}`);
          await this.#changed.promise;
        }
      })(),
    );
  }

  tell(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Closes its input and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#within(this.#ended);
    if (this.#child.exitCode !== 0) throw new Error(`${this.#name} failed:\n${this.lines.join('\n')}`);
  }

  async #within(work: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), DEADLINE_MS);
    await work.finally(() => clearTimeout(timer));
  }
}

/** An endpoint's script under way. */
export class Endpoint {
  readonly #talker: Talker;

  constructor(name: string, child: ChildProcess) {
    this.#talker = new Talker(name, child);
  }

  get said(): Said[] {
    return this.#talker.lines.map((line) => JSON.parse(line) as Said);
  }

  async until(word: string, count = 1): Promise<void> {
    await this.#talker.until((line) => line.startsWith(`{"word":"${word}"`), count);
  }

  goOn(): void {
    this.#talker.tell('\n');
  }

  async end(): Promise<void> {
    await this.#talker.end();
  }
}

export type Relay = { stop(): Promise<Record<'out' | 'back', Figures>> };

/** Starts carrying packets; with `capture` into the files of that name. */
export async function startRelay(program: string, { client, server }: Pair, rules: string[], capture = '-'): Promise<Relay> {
  const child = spawn(program, [client.name, server.name, capture, ...rules], { stdio: ['pipe', 'pipe', 'inherit'] });
  const talker = new Talker('relay', child);
  await talker.until((line) => line === 'ready');
  return {
    async stop() {
      await talker.end();
      return JSON.parse(talker.lines.at(-1) ?? '') as Record<'out' | 'back', Figures>;
    },
  };
}
