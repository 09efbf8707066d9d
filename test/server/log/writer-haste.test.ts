// While somebody waits for rows, each insert comes at once.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import { Writer } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { openSmallLog } from '../support/small-log.ts';

let directory: TestDirectory;
let store: Store;
beforeAll(async () => {
  directory = await testDirectory();
  store = await openEmbedded({ path: join(directory.path, 'engine') });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await directory.remove();
});

test('rows that somebody waits for do not wait to become many', async () => {
  const log = await openSmallLog(join(directory.path, 'log'));
  const inserted: string[] = [];
  const events = {
    inserted: ({ segment }: { segment: string }) => inserted.push(segment),
    failed: () => {},
    buried: () => {},
    trouble: () => {},
  };
  // Without haste the first round comes after an hour, and takes only what is as old.
  const never_ms = 3_600_000;
  const writer = new Writer(log, store, { ...ATTEMPTS, seal_ms: never_ms, seal_bytes_min: 1 << 30, seal_age_ms: never_ms }, events);
  writer.start();
  writer.hasten(never_ms);
  for (let sequence = 1; sequence <= 3; sequence++) {
    await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane: 'live', rows: rowsOf('state_change', 10) });
    await until(
      () => log.bytes,
      (bytes) => bytes === 0,
    );
  }
  expect(inserted).toHaveLength(3);
  expect(await countRows(store, 'state_change')).toBe(30);
  await writer.stop();
  await log.close();
});
