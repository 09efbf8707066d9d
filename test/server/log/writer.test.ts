// From the log into the real engine: each segment once, whatever fails or crashes on the way.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows.gen.ts';
import { Log } from '../../../server/log/log.ts';
import { Writer, type WriterEvents } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { type Segment, type Store, StoreError } from '../../../server/storage/store.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory, until } from '../support/collector.ts';

const MIB = 1024 * 1024;
const LIMITS = { segment_bytes_max: MIB, log_bytes_max: 16 * MIB, journal_bytes_max: MIB };
const PERIODS = { seal_ms: 20, retry_ms_min: 10, retry_ms_max: 40 };

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

async function openLog(name: string): Promise<Log> {
  const log = new Log({ directory: join(directory.path, name), ...LIMITS });
  await log.start();
  return log;
}

type Heard = { inserted: string[]; failed: string[]; troubles: string[]; events: WriterEvents };

function listen(): Heard {
  const heard = { inserted: [] as string[], failed: [] as string[], troubles: [] as string[] };
  const events: WriterEvents = {
    inserted: ({ segment }) => heard.inserted.push(segment),
    failed: ({ segment }) => heard.failed.push(segment),
    trouble: (reason) => heard.troubles.push(reason),
  };
  return { ...heard, events };
}

async function append(log: Log, sequence: number, rows: number): Promise<void> {
  await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', rows: rowsOf('state_change', rows) });
}

test('inserts while batches come, and leaves nothing behind', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('steady');
  const heard = listen();
  const writer = new Writer(log, store, PERIODS, heard.events);
  writer.start();
  for (let sequence = 1; sequence <= 30; sequence++) await append(log, sequence, 10);
  await until(
    () => log.bytes,
    (bytes) => bytes === 0,
  );
  await append(log, 31, 10);
  await writer.stop();
  expect(log.sealed).toEqual([]);
  expect(heard.troubles).toEqual([]);
  expect((await countRows(store, 'state_change')) - before).toBe(310);
  await log.close();
});

test('a crash between the insert and the note of it inserts the segment again, and the engine knows it', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('crash');
  await append(log, 1, 10);
  await log.seal();
  for (const { kind, path, length, segment } of log.sealed) {
    await store.insertSegment({ kind, path, rows: length / KINDS[kind].size, token: `${kind}/${segment}` });
  }
  await log.close();
  const again = await openLog('crash');
  expect(again.sealed).toHaveLength(1);
  const heard = listen();
  await new Writer(again, store, PERIODS, heard.events).stop();
  expect(heard.inserted).toHaveLength(1);
  expect(again.sealed).toEqual([]);
  expect((await countRows(store, 'state_change')) - before).toBe(10);
  await again.close();
});

test('a store that fails is asked again, says so while it lasts, and then has everything', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('failing');
  const heard = listen();
  let away = true;
  const unsteady = {
    insertUnsettled: store.insertUnsettled,
    insertSegment: (segment: Segment) =>
      away ? Promise.reject(new StoreError('store_insert_failed', 'no space left on device')) : store.insertSegment(segment),
  };
  const writer = new Writer(log, unsteady, PERIODS, heard.events);
  writer.start();
  await append(log, 1, 10);
  await until(
    () => heard.failed.length,
    (count) => count >= 3,
  );
  expect(heard.troubles).toEqual([expect.stringContaining('no space left on device')]);
  away = false;
  await until(
    () => heard.troubles.length,
    (count) => count === 2,
  );
  expect(heard.troubles.at(-1)).toBe('');
  await writer.stop();
  expect((await countRows(store, 'state_change')) - before).toBe(10);
  await log.close();
});

test('one segment that the store never takes holds back no other', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('poisoned');
  await append(log, 1, 10);
  await log.seal();
  const poisoned = log.sealed[0]?.segment ?? '';
  const picky = {
    insertUnsettled: store.insertUnsettled,
    insertSegment: (segment: Segment) =>
      segment.token.endsWith(poisoned)
        ? Promise.reject(new StoreError('store_insert_failed', 'not this one'))
        : store.insertSegment(segment),
  };
  const heard = listen();
  const writer = new Writer(log, picky, PERIODS, heard.events);
  writer.start();
  await append(log, 2, 5);
  await until(
    () => heard.inserted.length,
    (count) => count === 1,
  );
  await writer.stop();
  expect(log.sealed.map(({ segment }) => segment)).toEqual([poisoned]);
  expect((await countRows(store, 'state_change')) - before).toBe(5);
  await log.close();
});
