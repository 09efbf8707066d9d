// A process of a run: started, killed, frozen and thawed, its output kept in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import process from 'node:process';

export type Command = { file: string; args: readonly string[]; env?: Record<string, string> };

const END_MS = 300_000;
/** What an agent logs once it would react to a signal to stop. */
const STARTED = '"msg":"watching"';

export class Actor {
  readonly name: string;
  readonly #words: string;
  #child: ChildProcess | undefined;
  #frozen = false;
  #exit: Promise<unknown> = Promise.resolve();
  #killed = false;
  #heard = Promise.withResolvers<void>();

  /** @param words file that all its output goes to */
  constructor(name: string, words: string) {
    this.name = name;
    this.#words = words;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether its last life was ended by `kill`. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Its exit code; undefined while it runs, -1 where a signal has ended it. */
  get code(): number | undefined {
    return this.running || !this.#child ? undefined : (this.#child.exitCode ?? -1);
  }

  /** Starts the process, for the first time or once more. With --exit-with-parent it ends when this one does. */
  start({ file, args, env = {} }: Command): ChildProcess {
    if (this.running) throw new Error(`${this.name} runs already`);
    const words = createWriteStream(this.#words, { flags: 'a' });
    words.write(`--- ${[file, ...args].join(' ')}\n`);
    const child = spawn(file, [...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    });
    this.#heard = Promise.withResolvers();
    const { resolve } = this.#heard;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        words.write(chunk);
        if (chunk.includes(STARTED)) resolve();
      });
    }
    this.#child = child;
    this.#frozen = false;
    this.#killed = false;
    this.#exit = once(child, 'exit').then(([code, signal]) => words.end(`--- ended ${code ?? signal}\n`));
    return child;
  }

  /** Its first message over IPC; undefined if it ends before. */
  async message(): Promise<unknown> {
    const child = this.#child;
    if (!child || !this.running) return undefined;
    const first = once(child, 'message').then(([message]) => message as unknown);
    return Promise.race([first, this.#exit.then(() => undefined)]);
  }

  /** Waits until it has logged that it has started, or has ended. */
  async started(): Promise<void> {
    await Promise.race([this.#heard.promise, this.#exit]);
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    this.#killed = true;
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  freeze(): void {
    if (this.running) this.#frozen = this.#child?.kill('SIGSTOP') ?? false;
  }

  thaw(): void {
    if (this.#frozen && this.running) this.#child?.kill('SIGCONT');
    this.#frozen = false;
  }

  /** Waits for its end. @returns its exit code; undefined if it has not ended in `ms` */
  async ended(ms = END_MS): Promise<number | undefined> {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), ms);
    const first = await Promise.race([this.#exit, late.promise]);
    clearTimeout(timer);
    return first === 'late' ? undefined : this.code;
  }

  /** Asks it to end, as an init system does. @returns its exit code */
  async stop(ms = END_MS): Promise<number | undefined> {
    this.thaw();
    if (this.running) this.#child?.kill('SIGTERM');
    return this.ended(ms);
  }
}
