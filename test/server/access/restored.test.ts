// A backup has what a fleet needs to go on: the CA that its agents trust, and their credentials.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import { backUp, restore } from '../../../server/admin/backup.ts';
import { SNAPSHOT } from '../../../server/admin/snapshot.ts';
import { ADMIN_API, type Snapshot } from '../../../server/api/admin.ts';
import { startCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { ask, batchOf, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

const directories: TestDirectory[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.remove();
});

test('agents that have joined go on with a collector that was restored', async () => {
  directories.push(await testDirectory());
  const [{ path }] = directories as [TestDirectory];
  const [data, copy, anew] = ['data', 'copy', 'anew'].map((name) => join(path, name)) as [string, string, string];
  const options = { listen: '0.0.0.0:0' };
  const collector = await startCollector(data, options);
  const host = await joinWith(collector.url, await enrol(collector.url, data));
  const { body } = await ask(collector.url + ADMIN_API.snapshot, { headers: ownerOf(data), body: {} });
  await backUp(join(data, SNAPSHOT), copy, { tcplens: 'test', taken_at_ms: (body as Snapshot).taken_at_ms });
  await collector.stop();
  await restore(copy, anew);
  const again = await startCollector(anew, options);
  expect(await readFile(join(anew, 'tls', 'ca.pem'), 'utf8')).toBe(await readFile(join(data, 'tls', 'ca.pem'), 'utf8'));
  const { headers, body: rows } = batchOf(host.host_id, 'sample', 1);
  const answer = await ask(again.url + ROWS_PATH, { headers: { ...headers, ...host.headers }, body: rows });
  await again.stop();
  expect(answer).toMatchObject({ status: 200 });
});
