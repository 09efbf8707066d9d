// `make run` there: what it says, what it answers, what it holds, and how it ends.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../support/run-command.ts';
import type { Answer } from './ask.ts';
import type { BareDebian, Person, StartOptions } from './bare-debian.ts';

const URL_SAID = /dashboards on (http:\S+)/;
/** For what hangs: everything is installed and built before it listens. */
const START_MS_MAX = 1_800_000;
const ANSWER_MS_MAX = 600_000;

export class TcplensRun {
  readonly #process: ChildProcess;
  said = '';
  url = '';

  private constructor(child: ChildProcess) {
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.said += String(chunk)));
  }

  /** `options` are those of make, as in ARGS=…; resolves when it says where the page is. */
  static async start(system: BareDebian, person: Person, options: string, network: StartOptions = {}): Promise<TcplensRun> {
    const run = new TcplensRun(system.start(`cd '${person.clone}' && exec make run ${options}`, person, network));
    const deadline = Date.now() + START_MS_MAX;
    while (!URL_SAID.test(run.said)) {
      if (run.#process.exitCode !== null || Date.now() > deadline) throw new Error(`make run did not start:\n${run.said}`);
      await sleep(100);
    }
    run.url = URL_SAID.exec(run.said)?.[1] ?? '';
    return run;
  }

  /** Asks from within its network. */
  ask(path: string): Answer {
    const asked = runCommand('nsenter', [
      `--net=/proc/${this.#process.pid}/ns/net`,
      process.execPath,
      join(import.meta.dirname, 'ask.ts'),
      `${this.url}${path}`,
    ]);
    if (asked.code !== 0) throw new Error(`${path}: ${asked.stderr}`);
    return JSON.parse(asked.stdout) as Answer;
  }

  /** Asks until the answer has what is `wanted`; returns the last one. */
  async askUntil(path: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
    const deadline = Date.now() + ANSWER_MS_MAX;
    for (;;) {
      const answer = this.ask(path);
      if (wanted(answer) || Date.now() > deadline) return answer;
      await sleep(500);
    }
  }

  /** Ctrl-C: a terminal sends it to the whole process group. Resolves with the exit code, or the signal that ended it. */
  async interrupt(): Promise<number | NodeJS.Signals> {
    const exit = once(this.#process, 'close');
    process.kill(-(this.#process.pid ?? 0), 'SIGINT');
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals];
    return code ?? signal;
  }
}
