// The processes of a fleet under test: what they say, and how they end.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { waitFor } from '../support/wait.ts';
import { type Host, LAUNCHER, type Lan } from './lan.ts';

export type Process = {
  child: ChildProcess;
  said: () => string;
  until: (pattern: RegExp) => Promise<string>;
  stop: () => Promise<number | null>;
};

export class Processes {
  readonly #lan: Lan;
  readonly #all: Process[] = [];

  constructor(lan: Lan) {
    this.#lan = lan;
  }

  start(host: Host, command: string, args: readonly string[]): Process {
    const child = this.#lan.spawn(host, command, args);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (bytes: string) => (said += bytes));
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const started: Process = {
      child,
      said: () => said,
      until: (pattern) =>
        waitFor(
          `${pattern} of ${command} ${args[0]} on ${host.name}`,
          () => (child.exitCode === null ? said : `${said}\nended with ${child.exitCode}`),
          (text) => pattern.test(text) || text.includes('\nended with '),
          100,
        ).then((text) => {
          if (!pattern.test(text)) throw new Error(text);
          return text;
        }),
      stop: async () => {
        child.kill('SIGTERM');
        return (await ended)[0];
      },
    };
    this.#all.push(started);
    return started;
  }

  tcplens(host: Host, ...args: string[]): Process {
    return this.start(host, LAUNCHER, args);
  }

  /** Runs a command of tcplens to its end, and returns what it printed. */
  async run(host: Host, ...args: string[]): Promise<string> {
    const child = this.#lan.spawn(host, LAUNCHER, args);
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const [out, error] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), text(child.stderr as NodeJS.ReadableStream)]);
    const [code] = await ended;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${error}`);
    return out;
  }

  close(): void {
    for (const { child } of this.#all) child.kill('SIGKILL');
  }
}
