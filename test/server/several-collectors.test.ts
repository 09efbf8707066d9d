// Three collectors on one ClickHouse (the HTTP front over the embedded engine), and an agent behind a load balancer that sends a
// batch to any of them, and again to another one, while they and the engine are killed. Every row of every acknowledged batch is one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../../server/storage/clickhouse-store.ts';
import type { Store } from '../../server/storage/store.ts';
import { root } from '../support/project-files.ts';
import { type Front, startFront } from './storage/front-process.ts';
import { postBatch, rowsOf } from './support/agent.ts';
import { type TestDirectory, testDirectory, until } from './support/collector.ts';

const COLLECTORS = 3;
const KILLS = 6;
/** Of these kills, every so many-th is the engine's. */
const ENGINE_EVERY = 3;
const IN_FLIGHT = 4;
/** Acknowledged between two kills. */
const BATCHES_A_KILL = 12;
const ROWS = 20;
const LISTENING = /"msg":"listening on (http:[^"]+)"/;

let directory: TestDirectory;
let front: Front;
beforeAll(async () => {
  directory = await testDirectory();
  front = await startFront(directory.path);
});
afterAll(async () => {
  await front.end('SIGTERM');
  await directory.remove();
});

type Running = { child: ChildProcess; url: string };

async function serve(name: number): Promise<Running> {
  const options = ['--listen', '127.0.0.1:0', '--data', join(directory.path, `collector-${name}`), '--clickhouse', `${front.url}/tcplens`];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'cli.ts'), 'serve', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const url = LISTENING.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return { child, url };
  }
  throw new Error(`the collector ended: ${said.join('\n')}`);
}

async function end({ child }: Running, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** Sends each batch to one or several collectors, in some order, until one that it chose last has acknowledged it. */
class BalancedAgent {
  readonly #urls: () => string[];
  #next = 0;
  #stopped = false;
  readonly acknowledged = new Set<number>();
  twice = 0;

  constructor(urls: () => string[]) {
    this.#urls = urls;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#sendOn()));
  }

  stop(): void {
    this.#stopped = true;
  }

  get sent(): number {
    return this.#next;
  }

  async #sendOn(): Promise<void> {
    while (!this.#stopped) {
      const sequence = ++this.#next;
      const rows = rowsOf('sample', ROWS, () => ({ connection_id: sequence, data_segs_out: 1 }));
      // As if answers had been lost on their way: to a second collector at once, soon, or when the first has long stored it.
      const copies = 1 + (sequence % 3 === 0 ? 1 : 0) + (sequence % 10 === 0 ? 1 : 0);
      if (copies > 1) this.twice++;
      for (let copy = 0; copy < copies; copy++) {
        await this.#deliver(sequence, rows);
        if (sequence % 4 === 0) await sleep(Math.random() * 1500);
      }
    }
  }

  async #deliver(sequence: number, rows: Buffer): Promise<void> {
    for (;;) {
      const urls = this.#urls();
      const url = urls[Math.floor(Math.random() * urls.length)] ?? '';
      const answer = await postBatch(url, 'sample', sequence, rows).catch(() => undefined);
      if (answer?.status === 200) {
        this.acknowledged.add(sequence);
        return;
      }
      if (answer && answer.status < 500 && answer.status !== 429) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
      await sleep(20);
    }
  }
}

async function stored(store: Store): Promise<unknown> {
  const [found] = await store.query('SELECT count() AS rows, uniqExact(sequence) AS batches, sum(data_segs_out) AS segs FROM sample FINAL');
  return found;
}

test('a batch that several collectors took, while they and their engine were killed, is stored once', async () => {
  const running: Running[] = [];
  for (let name = 0; name < COLLECTORS; name++) running.push(await serve(name));
  const agent = new BalancedAgent(() => running.map(({ url }) => url));
  const sending = agent.run();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = agent.acknowledged.size;
    await until(
      () => agent.acknowledged.size - before,
      (more) => more >= BATCHES_A_KILL,
    );
    await sleep(Math.random() * 500);
    if (kill % ENGINE_EVERY === 1) {
      const { port } = front;
      await front.end('SIGKILL');
      front = await startFront(directory.path, port);
      continue;
    }
    const victim = kill % COLLECTORS;
    const killed = running[victim];
    if (killed) await end(killed, 'SIGKILL');
    running[victim] = await serve(victim);
  }
  agent.stop();
  await sending;
  const store = await openClickHouse({ url: front.url, database: 'tcplens' });
  const all = agent.sent * ROWS;
  // The last one may have been killed before it had made the tables: they listen and take batches all the same.
  for (const { url } of running)
    await until(
      () => fetch(`${url}/readyz`),
      ({ ok }) => ok,
    );
  await until(
    () => stored(store),
    (found) => (found as { rows: number }).rows >= all,
  );
  for (const one of running) await end(one, 'SIGTERM');
  console.log(`${agent.sent} batches, ${agent.twice} of them to several of ${COLLECTORS} collectors, ${KILLS} kills`);
  expect(agent.acknowledged.size).toBe(agent.sent);
  expect(agent.twice).toBeGreaterThan(10);
  expect(await stored(store)).toEqual({ rows: all, batches: agent.sent, segs: all });
  await store.close();
});
