// Two collectors on one ClickHouse, each with a CA of its own: who joined at one is known at the other, and refused there once revoked.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import { HELLO_PATH } from '../../../agent/contract/credential.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { fingerprintOf } from '../../../server/door/tls/served.ts';
import { type Front, startFront } from '../storage/front-process.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, batchOf, type Enrolled, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

let directory: TestDirectory;
let front: Front;
const collectors: TestCollector[] = [];
const dataOf = (name: string) => join(directory.path, name);
beforeAll(async () => {
  directory = await testDirectory();
  front = await startFront(directory.path);
  const options = { listen: '0.0.0.0:0', clickhouse: `${front.url}/tcplens` };
  for (const name of ['one', 'two']) collectors.push(await startCollector(dataOf(name), options));
});
afterAll(async () => {
  for (const collector of collectors) await collector.stop();
  await front.end('SIGTERM');
  await directory.remove();
});

const urlOf = (index: 0 | 1) => collectors[index]?.url ?? '';
const send = (index: 0 | 1, host: Enrolled, sequence: number) => {
  const { headers, body } = batchOf(host.host_id, 'sample', sequence);
  return ask(urlOf(index) + ROWS_PATH, { headers: { ...headers, ...host.headers }, body });
};

test('a credential holds at both, agents are told of both CAs, and a revoked host is refused at both', async () => {
  const host = await joinWith(urlOf(0), await enrol(urlOf(0), dataOf('one')));
  expect(await send(0, host, 1)).toMatchObject({ status: 200 });
  await until(
    () => send(1, host, 2),
    ({ status }) => status === 200,
  );
  const { body } = await until(
    () => ask(urlOf(0) + HELLO_PATH, { headers: host.headers, body: { place: host.place } }),
    (said) => (said.body['authorities'] as string[] | undefined)?.length === 2,
  );
  expect(new Set((body['authorities'] as string[]).map(fingerprintOf)).size).toBe(2);
  await ask(urlOf(0) + ADMIN_API.revoke.replace(':host_id', host.host_id), { headers: ownerOf(dataOf('one')), body: {} });
  expect(await send(0, host, 3)).toMatchObject({ status: 401, body: { code: 'credential_revoked' } });
  const began = performance.now();
  const refused = await until(
    () => send(1, host, 4),
    ({ status }) => status !== 200,
  );
  console.log(`refused at the other collector after ${Math.round(performance.now() - began)} ms`);
  expect(refused).toMatchObject({ status: 401, body: { code: 'credential_revoked' } });
});

test('a line that one has printed is good at the other, and is used up at both', async () => {
  const line = await enrol(urlOf(0), dataOf('one'), { uses: 1 });
  // Behind one address an agent may meet either, and knows both.
  expect(line).toMatch(/\.[0-9a-f]{64},[0-9a-f]{64}$/);
  const host = await joinWith(urlOf(1), line);
  expect(await send(1, host, 1)).toMatchObject({ status: 200 });
  await expect(joinWith(urlOf(0), line)).rejects.toThrow(/1 of 1 hosts/);
});
