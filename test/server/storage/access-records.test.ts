// Records that have no end, and those that have one, once the engine has merged their parts and removed what is over.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredRecord } from '../../../server/access/records.ts';
import { accessSince, insertAccess } from '../../../server/storage/access-records.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { type TestDirectory, testDirectory } from '../support/collector.ts';

const DAY_MS = 86_400_000;
let directory: TestDirectory;
let engine: Engine;
beforeAll(async () => {
  directory = await testDirectory();
  engine = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  await directory.remove();
});

test('what has no end is kept', async () => {
  const record = (id: string, ends_ms: number): StoredRecord => ({ kind: 'agent', id, version: 1, ends_ms, body: '{}' });
  // In whole seconds, as they are stored.
  const tomorrow_ms = Math.ceil((Date.now() + DAY_MS) / 1000) * 1000;
  await insertAccess(engine, [record('for ever', 0), record('until tomorrow', tomorrow_ms), record('over', Date.now() - 2 * DAY_MS)]);
  await engine.command('OPTIMIZE TABLE access_record FINAL');
  const held = await engine.query('SELECT id FROM access_record ORDER BY id', {}, 3);
  expect(held).toEqual([{ id: 'for ever' }, { id: 'until tomorrow' }]);
  const read: [string, number][] = [];
  for await (const page of accessSince(engine, 0)) read.push(...page.map(({ id, ends_ms }): [string, number] => [id, ends_ms]));
  expect(read).toEqual([
    ['for ever', 0],
    ['until tomorrow', tomorrow_ms],
  ]);
});
