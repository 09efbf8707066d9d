// A collector that ends with a long backlog: it inserts for as long as it may, and the log keeps the rest.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import type { Log } from '../../../server/log/log.ts';
import { Writer, type WriterEvents } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment } from '../../../server/storage/engine.ts';
import type { Store } from '../../../server/storage/store.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory } from '../support/collector.ts';
import { openSmallLog } from '../support/small-log.ts';

const PERIODS = { ...ATTEMPTS, seal_ms: 20, seal_bytes_min: 1, seal_age_ms: 0, retry_ms_min: 10, retry_ms_max: 40 };

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

/** Eight segments, live and late ones by turns. */
async function filledLog(): Promise<Log> {
  const log = await openSmallLog(join(directory.path, 'log'));
  for (let sequence = 1; sequence <= 8; sequence++) {
    const lane = sequence % 2 === 0 ? 'live' : 'late';
    await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane, rows: rowsOf('state_change', 10) });
    await log.seal();
  }
  return log;
}

test('a stop begins no insert after its time, and what is left stays in the log for the next start', async () => {
  const log = await filledLog();
  const inserted: string[] = [];
  const troubles: string[] = [];
  const events: WriterEvents = {
    inserted: ({ segment }) => inserted.push(segment),
    failed: ({ segment }, error) => troubles.push(`${segment} ${error}`),
    buried: ({ segment }) => troubles.push(segment),
    trouble: (reason) => troubles.push(reason),
  };
  const stopped = Promise.withResolvers<void>();
  const stopping = {
    ...store,
    insertSegment: async (segment: Segment) => {
      if (inserted.length === 2) stopped.resolve(writer.stop(0));
      await store.insertSegment(segment);
    },
  };
  const writer = new Writer(log, stopping, PERIODS, events);
  writer.start();
  await stopped.promise;
  expect([inserted.length, log.sealed.length, troubles]).toEqual([3, 5, []]);
  await new Writer(log, store, PERIODS, events).stop();
  expect(log.sealed).toEqual([]);
  expect(await countRows(store, 'state_change')).toBe(80);
  await log.close();
});
