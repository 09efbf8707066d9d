// Clients that go away in the middle of what they asked: no route fails at that, and whoever stays is answered.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { API } from '../../../server/api.ts';
import { OPEN_PATH } from '../../../server/door/owner.ts';
import { root } from '../../support/project-files.ts';
import { headersOf, postBatch, rowsOf } from '../support/agent.ts';
import { type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { headOf, rawHttp } from '../support/raw-http.ts';

const json = { 'content-type': 'application/json' };
const upgrade = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': 13,
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

let directory: TestDirectory;
let child: ChildProcess;
let url = '';
let said = '';
beforeAll(async () => {
  directory = await testDirectory();
  const options = ['serve', '--listen', '127.0.0.1:0', '--data', directory.path, '--log-level', 'warn'];
  child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'cli.ts'), ...options], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  [{ url }] = (await once(child, 'message')) as [{ url: string }];
  await until(
    async () => (await fetch(`${url}/readyz`)).ok,
    (ok) => ok,
  );
});
afterAll(async () => {
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  await once(child, 'exit');
  await directory.remove();
});

type Gone = { line: string; headers?: Record<string, string | number>; body?: string };

const connection = API.connection.replace(':host_id', '1').replace(':connection_id', '2');
const gets = ['/', '/nothing', '/healthz', '/readyz', '/metrics', ADMIN_API.migrations, ADMIN_API.retention, connection].concat([
  API.overview,
  API.edges,
  API.retransmits,
  API.listeners,
  API.resets,
  API.drops,
  API.piles,
  API.map,
  API.hosts,
  API.accounting,
  API.health,
  API.openapi,
]);
const cases: Gone[] = [
  ...gets.map((path) => ({ line: `GET ${path}` })),
  { line: `GET ${API.live}`, headers: upgrade },
  { line: 'POST /v1/rows', headers: headersOf('sample', 1), body: 'x'.repeat(5000) },
  { line: 'POST /v1/report', headers: json, body: '{"host_id":"0123456789abcdef"}' },
  { line: 'POST /v1/layouts', headers: { ...json, ...headersOf('sample', 1) }, body: '{"layouts":[]}' },
  { line: `GET ${OPEN_PATH}?key=00` },
  { line: `POST ${ADMIN_API.link}`, headers: json, body: '{}' },
  { line: `POST ${ADMIN_API.retention}`, headers: json, body: '{"class":"none","days":7}' },
];

/**
 * Resets the connection when so much of the request has been sent. While the collector stands still: what it then reads is of a
 * connection of which the kernel has forgotten whose it was.
 */
async function go(gone: Gone, after: 'head' | 'half' | 'whole'): Promise<void> {
  const { line, headers = {}, body = '' } = gone;
  const head = headOf(url, line, body === '' ? headers : { ...headers, 'content-length': body.length });
  const sent = { head: '', half: body.slice(0, body.length / 2), whole: body }[after];
  const all = Array.from({ length: 5 }, () => rawHttp(url, ''));
  await Promise.all(all.map(({ socket }) => once(socket, 'connect')));
  // Accepted later than those: when it is answered, they have been.
  await fetch(`${url}/healthz`);
  child.kill('SIGSTOP');
  await until(
    async () => (await readFile(`/proc/${child.pid}/stat`, 'utf8')).replace(/^.*\) /, '')[0],
    (state) => state === 'T',
  );
  for (const { socket } of all) socket.write(head + sent, () => socket.resetAndDestroy());
  await Promise.all(all.map(({ ended }) => ended));
  child.kill('SIGCONT');
}

/** Requests at which the collector failed, so far. */
async function failures(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tcplens_collector_refused_total\S*reason="internal"\S* (\d+)$/m.exec(text)?.[1] ?? 0);
}

test.each(cases)('$line', async (gone) => {
  const before = await failures();
  for (const after of ['head', 'half', 'whole'] as const) await go(gone, after);
  // All of them have been read when this one is answered.
  expect((await postBatch(url, 'sample', 1, rowsOf('sample', 1))).status).toBe(200);
  await until(
    async () => (await fetch(`${url}/metrics`)).text(),
    (metrics) => [...metrics.matchAll(/^tcplens_collector_(?:in_flight|unpacked)\S* (\d+)$/gm)].every(([, bytes]) => bytes === '0'),
  );
  expect((await failures()) - before).toBe(0);
});

test('nothing of all that is worth a line in the log', () => {
  expect(said).toBe('');
});
