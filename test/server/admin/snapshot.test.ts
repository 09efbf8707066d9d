// A snapshot has what waits in the log, also while batches are appended: a start on it gives the store every row that was acknowledged before.
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SNAPSHOT, takeSnapshot } from '../../../server/admin/snapshot.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { batchOf, fill, newDirectory, open, rowsGiven } from '../log/filled-log.ts';

async function withTables<Result>(data: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openEmbedded({ path: join(data, 'engine') });
  try {
    await store.migrate();
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What a start on the snapshot gives the store. */
async function given(data: string) {
  const { log, recovered } = await open(join(data, SNAPSHOT));
  expect(recovered).toMatchObject({
    whole_journal: true,
    damaged_lines: 0,
    damaged_batches: 0,
    unknown_bytes: 0,
    set_aside: [],
    missing_unclear: [],
    foreign: [],
  });
  expect(log.losses.unstored()).toEqual([]);
  const rows = await rowsGiven(log);
  await log.close();
  return rows;
}

test('of a log at rest it has all that waits', async () => {
  const data = await newDirectory();
  const waiting = await fill(data);
  await withTables(data, (store) => takeSnapshot(store, data));
  expect(await given(data)).toEqual(waiting);
});

test('of a log that is written it has all that was acknowledged before', async () => {
  const data = await newDirectory();
  const waiting = await fill(data);
  const { log } = await open(data);
  let [sequence, taken] = [100, false];
  let appended = 0;
  await withTables(data, async (store) => {
    const taking = takeSnapshot(store, data).then(() => {
      taken = true;
    });
    for (; !taken; appended++) await log.append(batchOf(sequence++));
    await taking;
  });
  await log.close();
  const rows = await given(data);
  expect(appended).toBeGreaterThan(0);
  for (const [name, row] of waiting) expect(rows.get(name)).toBe(row);
});

test('a line of the journal that is half written is not in it', async () => {
  const data = await newDirectory();
  const waiting = await fill(data);
  await appendFile(join(data, 'log/journal'), '{"t":"batch","host');
  await withTables(data, (store) => takeSnapshot(store, data));
  expect(await given(data)).toEqual(waiting);
});

test('while one is taken no other is, even if somebody has taken its folder away', async () => {
  const data = await newDirectory();
  const [began, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = {
    freeze: async () => {
      began.resolve();
      await ends.promise;
    },
  };
  const first = takeSnapshot(slow, data);
  await began.promise;
  await rm(join(data, SNAPSHOT), { recursive: true });
  const second = takeSnapshot(slow, data);
  ends.resolve();
  await expect(second).rejects.toMatchObject({ code: 'snapshot_exists' });
  await first;
  await takeSnapshot(slow, data);
});
