// What the writer tells the store of segments that it has inserted, before the log lets go of them.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import { Writer } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { type Segment, StoreError } from '../../../server/storage/engine.ts';
import { type Fixture, fixture } from '../storage/backends.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, testDirectory, until } from '../support/collector.ts';
import { openSmallLog } from '../support/small-log.ts';

const PERIODS = { ...ATTEMPTS, seal_ms: 20, seal_bytes_min: 1, seal_age_ms: 0, retry_ms_min: 10, retry_ms_max: 40 };
const ignore = () => undefined;
const EVENTS = { inserted: ignore, failed: ignore, buried: ignore, trouble: ignore };

let opened: Fixture;
beforeAll(async () => {
  opened = await fixture((path) => openEmbedded({ path: join(path, 'engine') }));
});
afterAll(() => opened?.close());

test('what came late is noted once for all segments of a round, and none leaves the log before it is', async () => {
  const { store } = opened;
  const directory = await testDirectory();
  const log = await openSmallLog(directory.path);
  const [calls, inserts]: [string[][], string[]] = [[], []];
  const forgetful = {
    ...store,
    insertSegment: (segment: Segment) => store.insertSegment(segment).then(() => void inserts.push(segment.path)),
    noteLate: async (segments: readonly Segment[]) => {
      calls.push(segments.map(({ path }) => path));
      expect(log.sealed.map(({ path }) => path)).toEqual(expect.arrayContaining(calls.at(-1) ?? []));
      if (calls.length === 1) throw new StoreError('store_insert_failed', 'no space left on device');
      await store.noteLate(segments);
    },
  };
  for (let sequence = 1; sequence <= 3; sequence++) {
    await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane: 'live', rows: rowsOf('state_change', 10) });
    await log.seal();
  }
  const writer = new Writer(log, forgetful, PERIODS, EVENTS);
  writer.start();
  await until(
    () => log.bytes,
    (bytes) => bytes === 0,
  );
  await writer.stop();
  expect(calls[0]).toHaveLength(3);
  // The rows are inserted once, whatever becomes of the note.
  expect(inserts).toEqual(calls[0]);
  expect(calls.slice(1).flat().toSorted()).toEqual(inserts.toSorted());
  expect(await countRows(store, 'state_change')).toBe(30);
  await log.close();
  await directory.remove();
});
