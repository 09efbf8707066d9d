// A long backlog: the store is told of it, and a collector that ends inserts for as long as it may, while the log keeps the rest.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import type { Lane } from '../../../server/log/lane.ts';
import type { Log } from '../../../server/log/log.ts';
import { Writer, type WriterEvents } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment } from '../../../server/storage/engine.ts';
import type { Store } from '../../../server/storage/store.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory, until } from '../support/collector.ts';
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

const ROWS = 10;
const append = (log: Log, sequence: number, lane: Lane) =>
  log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane, rows: rowsOf('state_change', ROWS) });

/** So many segments, late and live ones by turns. */
async function filledLog(name: string, segments: number): Promise<Log> {
  const log = await openSmallLog(join(directory.path, name));
  for (let sequence = 1; sequence <= segments; sequence++) {
    await append(log, sequence, sequence % 2 === 0 ? 'live' : 'late');
    await log.seal();
  }
  return log;
}

test('a stop begins no insert after its time, and what is left stays in the log for the next start', async () => {
  const before = await countRows(store, 'state_change');
  const log = await filledLog('stopped', 8);
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
  expect((await countRows(store, 'state_change')) - before).toBe(8 * ROWS);
  await log.close();
});

test('the store is told while live segments are behind, also with a late one among them, and not for a backlog of late ones', async () => {
  const EACH = 70;
  const log = await filledLog('behind', 2 * EACH);
  const told: [Lane | undefined, boolean | undefined][] = [];
  const noting = {
    ...store,
    insertSegment: async (segment: Segment) => {
      told.push([log.sealed.find(({ path }) => path === segment.path)?.lane, segment.is_behind]);
      await store.insertSegment(segment);
    },
  };
  const nothing = () => {};
  const started = () => {
    const writer = new Writer(log, noting, PERIODS, { inserted: nothing, failed: nothing, buried: nothing, trouble: nothing });
    writer.start();
    return writer;
  };
  const emptied = () =>
    until(
      () => log.bytes,
      (bytes) => bytes === 0,
    );
  const writer = started();
  await emptied();
  await writer.stop();
  const first = told.splice(0);
  for (let sequence = 1; sequence <= EACH; sequence++) {
    await append(log, 2 * EACH + sequence, 'late');
    await log.seal();
  }
  await append(log, 3 * EACH + 1, 'live');
  const next = started();
  await emptied();
  await next.stop();
  const ofLane = (lane: Lane) => first.filter(([of]) => of === lane).map(([, is_behind]) => is_behind);
  expect(ofLane('live')).toEqual(Array(EACH).fill(true));
  // The first late one goes in the round of the live ones.
  expect([ofLane('late').at(0), ofLane('late').at(-1)]).toEqual([true, false]);
  expect(told.length).toBeGreaterThan(EACH);
  expect(told.filter(([, is_behind]) => is_behind)).toEqual([]);
  await log.close();
});
