// Who wants everything: attacks that hold memory, beside agents and a person who go on as if nothing were. All of them come from
// loopback, as everybody does.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API } from '../../../server/api.ts';
import { headersOf, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { headOf, problemOf, type RawHttp, rawHttp, statusOf } from '../support/raw-http.ts';

const MIB = 1024 * 1024;
const json = { 'content-type': 'application/json' };

let directory: TestDirectory;
let collector: TestCollector;
/** The attacker of changes is the owner. */
let authorization = '';
let sequence = 0;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
  authorization = `Bearer ${readFileSync(join(directory.path, 'token'), 'utf8').trim()}`;
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

type Attack = { sockets: number; path: string; announced: number; sent: number; headers: (socket: number) => Record<string, string> };

const forged = (socket: number) => ({ ...json, ...headersOf('sample', 1), 'tcplens-host-id': socket.toString(16).padStart(16, 'a') });
const attacks: [string, Attack][] = [
  ['two reports of 16 MiB of which nothing comes', { sockets: 2, path: '/v1/report', announced: 16 * MIB, sent: 0, headers: () => json }],
  [
    'reports that end before their last byte',
    { sockets: 6, path: '/v1/report', announced: 16 * MIB, sent: 16 * MIB - 1, headers: () => json },
  ],
  [
    '100 batches of which nothing comes',
    { sockets: 100, path: '/v1/rows', announced: MIB, sent: 0, headers: () => headersOf('sample', 1) },
  ],
  [
    'batches that end before their last byte',
    { sockets: 80, path: '/v1/rows', announced: MIB, sent: MIB - 1, headers: () => headersOf('sample', 1) },
  ],
  ['the same, each of a host of its own', { sockets: 80, path: '/v1/rows', announced: MIB, sent: MIB - 1, headers: forged }],
  ['layouts that end before their last byte', { sockets: 80, path: '/v1/layouts', announced: MIB, sent: MIB - 1, headers: forged }],
  [
    'changes of retention that end before their last byte',
    { sockets: 200, path: '/api/v1/admin/retention', announced: 65_536, sent: 65_535, headers: () => ({ ...json, authorization }) },
  ],
];

async function begin({ sockets, path, announced, sent, headers }: Attack): Promise<RawHttp[]> {
  const body = Buffer.alloc(sent, 'x');
  const all = Array.from({ length: sockets }, (_, index) => {
    const head = headOf(collector.url, `POST ${path}`, { ...headers(index), 'content-length': announced });
    return rawHttp(collector.url, Buffer.concat([Buffer.from(head), body]));
  });
  await Promise.all(all.map(({ socket }) => (socket.connecting ? once(socket, 'connect') : undefined)));
  return all;
}

/** What agents and a person do all the time; the statuses that they get. */
async function honest(): Promise<Record<string, number[]>> {
  const batches: number[] = [];
  const reports: number[] = [];
  const asked: number[] = [];
  for (let round = 0; round < 40; round++) {
    batches.push((await postBatch(collector.url, 'sample', ++sequence, rowsOf('sample', 20))).status);
    if (round % 10 > 0) continue;
    reports.push((await postReport(collector.url, report())).status);
    for (const path of ['/', API.health, API.hosts]) asked.push((await fetch(collector.url + path)).status);
  }
  return { batches, reports, asked };
}

/** Bytes of memory that requests hold, all together. */
async function inFlight(): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return [...text.matchAll(/^tcplens_collector_in_flight\S* (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

test.each(attacks)('beside %s, every batch, report and question of others is answered', async (_name, attack) => {
  const attackers = await begin(attack);
  try {
    expect(await honest()).toEqual({ batches: Array(40).fill(200), reports: Array(4).fill(200), asked: Array(12).fill(200) });
  } finally {
    for (const { socket } of attackers) socket.destroy();
    await until(inFlight, (bytes) => bytes === 0);
  }
});

test('a body that does not come is ended after its time, and told so', async () => {
  const cases = attacks.map(([, attack]) => ({ ...attack, sockets: 1 }));
  const slow = (await Promise.all(cases.map(begin))).flat();
  const told = (await Promise.all(slow.map(({ ended }) => ended))).map((answer) => ({ status: statusOf(answer), ...problemOf(answer) }));
  const expected = { status: 408, code: 'body_too_slow', message: expect.stringMatching(/bytes.* within 15 s/) };
  expect(told).toEqual(slow.map(() => expected));
});

test('what holds memory is what has come, not what was announced', async () => {
  const [held] = await begin({ sockets: 1, path: '/v1/report', announced: 16 * MIB, sent: 100_000, headers: () => json });
  const bytes = await until(inFlight, (seen) => seen >= 100_000);
  expect(bytes).toBeLessThan(300_000);
  held?.socket.destroy();
  await until(inFlight, (seen) => seen === 0);
});
