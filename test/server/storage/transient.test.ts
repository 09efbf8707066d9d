// Which failures of a store may pass.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { StoreError } from '../../../server/storage/engine.ts';
import type { Store } from '../../../server/storage/store.ts';
import { isTransient } from '../../../server/storage/transient.ts';
import { type TestDirectory, testDirectory } from '../support/collector.ts';

let directory: TestDirectory;
let store: Store;
beforeAll(async () => {
  directory = await testDirectory();
  store = await openEmbedded({ path: join(directory.path, 'engine') });
});
afterAll(async () => {
  await store.close();
  await directory.remove();
});

test.each([
  ['no answer', new StoreError('store_unavailable', 'connect ECONNREFUSED'), true],
  [
    'a connection that is cut',
    new StoreError('store_insert_failed', 'socket hang up', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) }),
    true,
  ],
  ['too many parts', new StoreError('store_insert_failed', 'x', { cause: Object.assign(new Error('x'), { code: '252' }) }), true],
  ['rows of too many days', new StoreError('store_insert_failed', 'Too many partitions for single INSERT block (more than 100).'), false],
  ['memory', new StoreError('store_insert_failed', 'x', { cause: Object.assign(new Error('x'), { code: '241' }) }), true],
  [
    'a full disk',
    new StoreError('store_insert_failed', 'x', { cause: Object.assign(new Error('write: No space left on device'), { code: '1001' }) }),
    true,
  ],
  ['rows that it cannot read', new StoreError('store_insert_failed', 'x', { cause: Object.assign(new Error('x'), { code: '33' }) }), false],
])('%s passes: %#', (_name, error, transient) => {
  expect(isTransient(error)).toBe(transient);
});

test('the engine itself says that it cannot read what is no rows, with a code that does not pass', async () => {
  const path = join(directory.path, 'no-rows.rows');
  await writeFile(path, Buffer.alloc(KINDS.state_change.size));
  const failure = await store.query(`SELECT * FROM file('${path}', Parquet)`).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StoreError);
  expect(isTransient(failure)).toBe(false);
});
