// Ends a test file that takes longer than any may, and says what it was doing. vitest's own limits are timers of the process that runs the
// file: one whose event loop is blocked, in the engine or in a loop, never hears them, and the run would hang without a word.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

/** A file may take as long as this many of its slowest possible tests. */
const TESTS_A_FILE = 3;
const LOOKS_MS = 5000;

type Running = { since_ms: number; module: TestModule };

/** One process: `etimes` in seconds. */
type Process = { pid: number; ppid: number; etimes: number; line: string };

export class Overdue implements Reporter {
  readonly #running = new Map<string, Running>();
  readonly #timer: NodeJS.Timeout;
  readonly #say: (text: string) => void;
  readonly #tests: number;
  /** Files that have ended. */
  readonly ended: TestModule[] = [];

  /**
   * @param say - where it writes
   * @param tests - how many times the time limit of a test a file may take
   */
  constructor(say: (text: string) => void = (text) => process.stdout.write(text), tests = TESTS_A_FILE) {
    this.#say = say;
    this.#tests = tests;
    this.#timer = setInterval(() => this.#look(), LOOKS_MS).unref();
  }

  onTestModuleQueued(module: TestModule): void {
    this.#running.set(module.id, { since_ms: performance.now(), module });
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.id);
    this.ended.push(module);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  /** What runs, for how long, and in which calls its processes are. */
  text(): string {
    const files = [...this.#running.values()].map(
      ({ since_ms, module }) => `running for ${secondsSince(since_ms)} s: ${module.relativeModuleId}${unendedOf(module)}`,
    );
    return `\n${[...files, ...descendants().map(({ line }) => line)].join('\n')}\n`;
  }

  #look(): void {
    const late = [...this.#running.values()].filter(({ since_ms, module }) => {
      const limit_ms = module.project.config.testTimeout * this.#tests;
      return limit_ms > 0 && performance.now() - since_ms > limit_ms;
    });
    if (late.length === 0) return;
    this.#say(`${late.map(({ module }) => `\noverdue, and ended: ${module.relativeModuleId}`).join('')}${this.text()}`);
    // Each file has a process of its own, which is as old as the file's run; vitest does not tell its pid.
    const youngest_s = Math.min(...late.map(({ since_ms }) => secondsSince(since_ms)));
    for (const { pid, line } of workersOlderThan(youngest_s - LOOKS_MS / 1000)) {
      this.#say(`killed: ${line}\n`);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself since it was listed.
      }
    }
    for (const { module } of late) this.#running.delete(module.id);
  }
}

const secondsSince = (at_ms: number) => Math.round((performance.now() - at_ms) / 1000);

function unendedOf(module: TestModule): string {
  const names = [...module.children.allTests()].filter((each) => each.result().state === 'pending').map((each) => each.fullName);
  return names.length === 0 ? '' : `, without an end: ${names.join('; ')}`;
}

function descendants(): Process[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,etimes=,stat=,wchan:24=,args='], { encoding: 'utf8', maxBuffer: 64 << 20 });
  const all = stdout.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s/.exec(line);
    return found ? [{ pid: Number(found[1]), ppid: Number(found[2]), etimes: Number(found[3]), line: line.slice(0, 200) }] : [];
  });
  const of = new Set([process.pid]);
  // `ps` sorts by pid, and a child may have a lower one than its parent: repeated until nothing is added.
  for (let before = 0; before !== of.size; ) {
    before = of.size;
    for (const { pid, ppid } of all) if (of.has(ppid)) of.add(pid);
  }
  return all.filter(({ pid, line }) => pid !== process.pid && of.has(pid) && !line.includes('ps -eo'));
}

const workersOlderThan = (seconds: number) =>
  descendants().filter(
    ({ ppid, etimes, line }) => ppid === process.pid && etimes >= seconds && line.includes('--experimental-import-meta'),
  );
