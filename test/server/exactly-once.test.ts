// The collector as a process of its own, killed with SIGKILL again and again while an agent sends, retries and sends again.
// At the end every batch that was acknowledged is in the engine once, rollup included; the others at most once.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../../server/storage/store.ts';
import { root } from '../support/project-files.ts';
import { postBatch, rowsOf } from './support/agent.ts';
import { type TestDirectory, testDirectory, withStore } from './support/collector.ts';

const KILLS = 6;
const IN_FLIGHT = 4;
const ROWS = 20;
/** No port is known in advance: the next one is told to the agent. */
const LISTENING = /"msg":"listening on (http:[^"]+)"/;

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(async () => directory.remove());

type Running = { child: ChildProcess; url: string };

async function serve(data: string): Promise<Running> {
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'cli.ts'), 'serve', '--listen', '127.0.0.1:0', '--data', data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
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

/** An agent with batches in flight that never gives one up, until it is told to stop. */
class TestAgent {
  url = '';
  #next = 0;
  #stopped = false;
  readonly acknowledged = new Set<number>();
  duplicates = 0;

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
      const kind = kindOf(sequence);
      const rows = rowsOf(kind, ROWS, () => ({ connection_id: sequence, ...COUNTED[kind] }));
      await this.#deliver(kind, sequence, rows);
      // Now and then as if the acknowledgement had been lost on its way.
      if (sequence % 5 === 0) await this.#deliver(kind, sequence, rows);
    }
  }

  async #deliver(kind: keyof typeof COUNTED, sequence: number, rows: Buffer): Promise<void> {
    for (;;) {
      const answer = await postBatch(this.url, kind, sequence, rows).catch(() => undefined);
      if (answer?.status === 200) {
        if (answer.body['duplicate'] === true) this.duplicates++;
        this.acknowledged.add(sequence);
        return;
      }
      if (answer && answer.status < 500) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
      await sleep(10);
    }
  }
}

/** What the rollup adds up of each row: one. */
const COUNTED = { sample: { data_segs_out: 1 }, retransmit: { segments: 1, class: 1 } } as const;

function kindOf(sequence: number): keyof typeof COUNTED {
  return sequence % 3 === 0 ? 'sample' : 'retransmit';
}

test('killed again and again, it stores what it acknowledged once', async () => {
  const agent = new TestAgent();
  let running = await serve(directory.path);
  agent.url = running.url;
  const sending = agent.run();
  for (let kill = 0; kill < KILLS; kill++) {
    // Some lives end while the log is read back, some in the midst of inserts.
    await sleep(kill % 3 === 0 ? 50 + Math.random() * 150 : 600 + Math.random() * 900);
    const gone = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await gone;
    running = await serve(directory.path);
    agent.url = running.url;
  }
  await sleep(700);
  agent.stop();
  await sending;
  const ended = once(running.child, 'exit');
  running.child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);

  console.log(`${agent.acknowledged.size} batches acknowledged over ${KILLS} kills, ${agent.duplicates} of them known already`);
  expect(agent.acknowledged.size).toBe(agent.sent);
  expect(agent.duplicates).toBeGreaterThanOrEqual(Math.floor(agent.sent / 5));
  await withStore(directory.path, async (store) => {
    expect(await batchesStored(store)).toEqual(new Map([...agent.acknowledged].sort((a, b) => a - b).map((sequence) => [sequence, ROWS])));
    const rows = { sample: 0, retransmit: 0 };
    for (const sequence of agent.acknowledged) rows[kindOf(sequence)] += ROWS;
    expect(await rolledUp(store)).toEqual(rows);
  });
});

/** Rows by batch. */
async function batchesStored(store: Store): Promise<Map<number, number>> {
  const of = (table: keyof typeof COUNTED) => `SELECT connection_id AS sequence, count() AS rows FROM ${table} GROUP BY sequence`;
  const found = await store.query<{ sequence: number; rows: number }>(`${of('retransmit')} UNION ALL ${of('sample')}`);
  return new Map(found.sort((a, b) => a.sequence - b.sequence).map(({ sequence, rows }) => [sequence, rows]));
}

async function rolledUp(store: Store): Promise<unknown> {
  const [row] = await store.query('SELECT sum(data_segs_out) AS sample, sum(retrans_fast) AS retransmit FROM rollup_1m');
  return row;
}
