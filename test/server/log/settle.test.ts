// What an earlier process left in the log, on the real engine.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import type { Log } from '../../../server/log/log.ts';
import { Writer } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment, Store } from '../../../server/storage/store.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { QUIET } from '../support/quiet-writer.ts';
import { openSmallLog } from '../support/small-log.ts';

const PERIODS = { ...ATTEMPTS, seal_ms: 20, seal_bytes_min: 1, seal_age_ms: 0 };

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

const openLog = (): Promise<Log> => openSmallLog(join(directory.path, 'log'));

async function append(log: Log, sequence: number, rows: number): Promise<void> {
  await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane: 'live', rows: rowsOf('state_change', rows) });
}

test('what an earlier process left is compared in groups, and live rows go between them', async () => {
  const left = await openLog();
  for (let sequence = 1; sequence <= 9; sequence++) {
    await append(left, sequence, 10);
    await left.seal();
  }
  // Of some the store has the rows already.
  for (const { kind, path, length, segment, batches } of left.sealed.slice(0, 4))
    await store.insertSegment({ kind, path, rows: length / KINDS[kind].size, token: `${kind}/${segment}`, batches });
  await left.close();
  const log = await openLog();
  const order: (number | 'live')[] = [];
  const heard = {
    claim: store.claim,
    insertSegment: (segment: Segment) => {
      order.push('live');
      return store.insertSegment(segment);
    },
    insertUnsettled: async (segments: readonly Segment[]) => {
      order.push(segments.length);
      // What comes while they are compared.
      await append(log, 100 + order.length, 1);
      await store.insertUnsettled(segments);
    },
  };
  const settle_bytes = 30 * KINDS.state_change.size;
  const writer = new Writer(log, heard, { ...PERIODS, settle_bytes }, QUIET);
  await writer.settle();
  writer.start();
  await until(
    () => log.bytes,
    (bytes) => bytes === 0,
  );
  await writer.stop();
  expect(order).toEqual([3, 'live', 3, 'live', 3, 'live']);
  expect(await countRows(store, 'state_change')).toBe(93);
  const [counted] = await store.query<{ rows: number }>("SELECT sum(s.rows) AS rows FROM stored AS s WHERE kind = 'state_change'");
  expect(counted?.rows).toBe(93);
  await log.close();
});
