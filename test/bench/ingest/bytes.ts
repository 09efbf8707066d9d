// What a stored row takes of the disk, by table: of rows as a kernel wrote them just now, since copies of recorded rows repeat
// each other and pack better than any host's.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { lose, makePair } from '../../support/netns.ts';
import { root } from '../../support/project-files.ts';
import { CollectorProcess } from '../collector-process.ts';

export type TableBytes = { table: Kind | 'rollup_1m'; rows: number; bytes: number };

const TRAFFIC = new URL('traffic.ts', import.meta.url).pathname;
const LOSS = 0.005;

/** The tables of a stopped collector, as its merges have left them, marks and indexes included. */
export async function tableBytes(data: string): Promise<TableBytes[]> {
  const engine = await openEmbeddedEngine({ path: join(data, 'engine') });
  try {
    return await engine.query<TableBytes>(
      `SELECT table, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes FROM system.parts AS p
WHERE active AND database = currentDatabase() AND (has({kinds:Array(String)}, table) OR table = 'rollup_1m')
GROUP BY table ORDER BY rows DESC`,
      { kinds: [...KIND] },
    );
  } finally {
    await engine.close();
  }
}

/** An agent watches this host, where two network namespaces talk and lose packets, for so long. Needs root. */
export async function liveAgentBytes(directory: string, seconds: number): Promise<TableBytes[]> {
  const data = mkdtempSync(join(directory, 'bytes-'));
  const collector = await CollectorProcess.start(data);
  const pair = makePair();
  const children: ChildProcess[] = [];
  try {
    const address = pair.server.address.ipv4;
    lose(pair.server, 'ipv4', LOSS);
    const agent = spawn(join(root, 'tcplens'), ['agent', '--collector', collector.url], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(agent);
    await logLine(agent, '"msg":"watching"');
    const server = pair.server.start(process.execPath, TRAFFIC, 'serve', address);
    children.push(server);
    await once(server.stdout ?? server, 'data');
    const clients = pair.client.start(process.execPath, TRAFFIC, 'ask', address, String(seconds));
    children.push(clients);
    await once(clients, 'exit');
    const stopped = once(agent, 'exit');
    agent.kill('SIGTERM');
    await stopped;
    await collector.settle();
    await collector.stop();
    return await tableBytes(data);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await collector.stop();
    pair.close();
    rmSync(data, { recursive: true, force: true });
  }
}

async function logLine(child: ChildProcess, words: string): Promise<void> {
  let text = '';
  for await (const chunk of child.stderr ?? []) {
    text += String(chunk);
    if (!text.includes(words)) continue;
    child.stderr?.resume();
    return;
  }
  throw new Error(`a process ended without logging ${words}`);
}
