// The collector as people run it, in a process of its own: what it says of itself, and what the kernel says it costs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, ownerOf } from '../server/support/enrolled.ts';
import { parseMetrics, sumOf } from '../support/agent-process.ts';
import { root } from '../support/project-files.ts';
import { peakRssMib, readCpu } from './overhead/process-figures.ts';

const LISTENING = /"msg":"listening on (https?:[^"]+)"/;
const POLL_MS = 20;
/** Merges are over when a second takes less of a processor than this. */
const QUIET_S = 0.05;
const SETTLE_S_MAX = 30;
const INSERTED_MS_MAX = 300_000;

export class CollectorProcess {
  readonly url: string;
  readonly data: string;
  readonly #child: ChildProcess;

  /** Ready when it returns. @param options further ones of `tcplens serve` */
  static async start(data: string, ...options: string[]): Promise<CollectorProcess> {
    // With a channel to it: a bench that is interrupted takes its collector along.
    const command = ['serve', '--listen', '127.0.0.1:0', '--exit-with-parent', '--data', data, ...options];
    const child = spawn(join(root, 'tcplens'), command, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const collector = new CollectorProcess(child, data, await logged(child, LISTENING));
    while ((await ask(`${collector.url}/readyz`)).status !== 200) await sleep(POLL_MS);
    return collector;
  }

  private constructor(child: ChildProcess, data: string, url: string) {
    this.#child = child;
    this.data = data;
    this.url = url;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Processor time so far, s: user and system, of all threads, the engine's among them. */
  get cpu_s(): number {
    const { user_us, system_us } = readCpu(this.pid);
    return (user_us + system_us) / 1e6;
  }

  get peak_rss_mib(): number {
    return Math.round(peakRssMib(this.pid));
  }

  /** Rows that the store has. */
  async inserted(): Promise<number> {
    const { text } = await ask(`${this.url}/metrics`, { headers: ownerOf(this.data) });
    return sumOf(parseMetrics(text), 'tcplens_collector_rows_inserted_total', {});
  }

  /** Resolves when the store has so many rows. Throws if that takes too long: some are lost. */
  async insertedAll(rows: number): Promise<void> {
    const end_ms = Date.now() + INSERTED_MS_MAX;
    for (let found = 0; found < rows; found = await this.inserted()) {
      if (Date.now() > end_ms) throw new Error(`the store has ${found} of ${rows} rows, still`);
      if (this.#child.exitCode !== null) throw new Error(`the collector ended with ${this.#child.exitCode}`);
      await sleep(POLL_MS);
    }
  }

  /** Waits until nothing is merged any more; returns what that took of a processor, s. */
  async settle(): Promise<number> {
    const before_s = this.cpu_s;
    for (let second = 0, last_s = -1; second < SETTLE_S_MAX && this.cpu_s - last_s > QUIET_S; second++) {
      last_s = this.cpu_s;
      await sleep(1000);
    }
    return this.cpu_s - before_s;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

/** Waits for a line of a process's log; returns what `wanted` found in it. Further lines are not read. */
async function logged(child: ChildProcess, wanted: RegExp): Promise<string> {
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    const found = wanted.exec(line);
    if (!found) continue;
    child.stderr?.resume();
    return found[1] ?? '';
  }
  throw new Error(`a process ended without logging ${wanted}`);
}
