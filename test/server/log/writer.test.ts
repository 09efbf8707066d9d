// From the log into the real engine: each segment once, whatever fails or crashes on the way.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HEAD_AT } from '../../../bpf/rows/rows.gen.ts';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import type { Batch } from '../../../server/log/group.ts';
import type { Lane } from '../../../server/log/lane.ts';
import type { Log } from '../../../server/log/log.ts';
import { LossWriter } from '../../../server/log/loss-writer.ts';
import { Writer, type WriterEvents } from '../../../server/log/writer.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { type Segment, StoreError } from '../../../server/storage/engine.ts';
import { segmentRowBytes } from '../../../server/storage/segment-insert.ts';
import type { Store } from '../../../server/storage/store.ts';
import type { RowValues } from '../../support/row-bytes.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { openSmallLog } from '../support/small-log.ts';

const PERIODS = { ...ATTEMPTS, seal_ms: 20, seal_bytes_min: 1, seal_age_ms: 0, retry_ms_min: 10, retry_ms_max: 40 };

/** Runs of agents that a log remembers. */
const RUNS_MAX = 16_384;

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

const openLog = (name: string): Promise<Log> => openSmallLog(join(directory.path, name));

type Heard = { inserted: string[]; failed: string[]; buried: string[]; troubles: string[]; events: WriterEvents };

function listen(): Heard {
  const heard: Omit<Heard, 'events'> = { inserted: [], failed: [], buried: [], troubles: [] };
  const events: WriterEvents = {
    inserted: ({ segment }) => heard.inserted.push(segment),
    failed: ({ segment }) => heard.failed.push(segment),
    buried: ({ segment }) => heard.buried.push(segment),
    trouble: (reason) => heard.troubles.push(reason),
  };
  return { ...heard, events };
}

const emptied = (log: Log) =>
  until(
    () => log.bytes,
    (bytes) => bytes === 0,
  );

type Appended = { each?: (row: number) => RowValues; lane?: Lane };

async function append(log: Log, sequence: number, rows: number, { each, lane = 'live' }: Appended = {}): Promise<void> {
  await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'state_change', lane, rows: rowsOf('state_change', rows, each) });
}

test('inserts while batches come, and leaves nothing behind', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('steady');
  const heard = listen();
  const writer = new Writer(log, store, PERIODS, heard.events);
  writer.start();
  for (let sequence = 1; sequence <= 30; sequence++) await append(log, sequence, 10);
  await emptied(log);
  await append(log, 31, 10);
  await writer.stop();
  expect(log.sealed).toEqual([]);
  expect(heard.troubles).toEqual([]);
  expect((await countRows(store, 'state_change')) - before).toBe(310);
  await log.close();
});

test('live segments go before late ones however many wait, and one late segment goes in every round', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('lanes');
  for (let sequence = 1; sequence <= 12; sequence++) {
    await append(log, sequence, 10, { lane: 'late' });
    await log.seal();
  }
  const laneOf = new Map(log.sealed.map(({ path, lane }) => [path, lane]));
  expect(laneOf.size).toBe(12);
  // Each insert takes longer than a round may, and brings a live batch that came meanwhile.
  const order: Lane[] = [];
  let sequence = 100;
  const slow = {
    ...store,
    insertSegment: async (segment: Segment) => {
      const began_ms = performance.now();
      const lane = laneOf.get(segment.path) ?? 'live';
      order.push(lane);
      if (lane === 'late') await append(log, ++sequence, 1);
      await store.insertSegment(segment);
      await until(
        () => performance.now() - began_ms,
        (ms) => ms > PERIODS.seal_ms,
      );
    },
  };
  const writer = new Writer(log, slow, PERIODS, listen().events);
  await append(log, 100, 1);
  writer.start();
  await emptied(log);
  await writer.stop();
  expect(order).toEqual(Array.from({ length: 25 }, (_, index) => (index % 2 === 0 ? 'live' : 'late')));
  expect((await countRows(store, 'state_change')) - before).toBe(133);
  await log.close();
});

test('late segments that the store refuses do not keep back other late rows', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('refused-late');
  for (let sequence = 1; sequence <= 6; sequence++) {
    await append(log, sequence, 10, { each: () => ({ pid: 5 }), lane: 'late' });
    await log.seal();
  }
  const pids = [5];
  const heard = listen();
  const writer = new Writer(log, refusing(pids), PERIODS, heard.events);
  writer.start();
  await until(
    () => new Set(heard.failed).size,
    (count) => count >= 6,
  );
  await append(log, 7, 10, { lane: 'late' });
  await until(
    () => heard.inserted.length,
    (count) => count === 1,
  );
  pids.pop();
  await emptied(log);
  await writer.stop();
  const buried = heard.buried.length;
  expect((await countRows(store, 'state_change')) - before).toBe(70 - buried);
  await log.close();
});

test('a crash between the insert and the note of it inserts the segment again, and each row is one', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('crash');
  await append(log, 1, 10);
  await log.seal();
  for (const { kind, path, length, row_bytes } of log.sealed) await store.insertSegment({ kind, path, rows: length / row_bytes });
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
    ...store,
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

/** A store whose engine refuses rows of these pids, with an answer of its own. */
function refusing(pids: readonly number[]) {
  const [at, size] = [HEAD_AT.pid, segmentRowBytes('state_change')];
  return {
    ...store,
    insertSegment: async (segment: Segment) => {
      const bytes = await readFile(segment.path);
      expect(bytes.length).toBe(segment.rows * size);
      for (let row = 0; row < bytes.length; row += size) {
        if (!pids.includes(bytes.readUInt32LE(row + at))) continue;
        const cause = Object.assign(new Error('Cannot parse input'), { code: '27' });
        throw new StoreError('store_insert_failed', 'Cannot parse input', { cause });
      }
      await store.insertSegment(segment);
    },
  };
}

test('rows that the store refuses for good are found and put aside with the reason; all others are stored', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('poisoned');
  const heard = listen();
  const writer = new Writer(log, refusing([113, 200, 227]), PERIODS, heard.events);
  for (let sequence = 1; sequence <= 40; sequence++)
    await append(log, sequence, 10, { each: (row) => ({ pid: 100 + 10 * ((sequence - 1) % 20) + row }) });
  writer.start();
  await emptied(log);
  await writer.stop();
  expect((await countRows(store, 'state_change')) - before).toBe(400 - 6);
  const folder = join(directory.path, 'poisoned', 'dead-letter');
  const files = await readdir(folder);
  const letters = await Promise.all(files.filter((name) => name.endsWith('.rows')).map((name) => readFile(join(folder, name))));
  expect(letters.map((bytes) => bytes.readUInt32LE(HEAD_AT.pid)).sort()).toEqual([113, 113, 200, 200, 227, 227]);
  const [story = ''] = files.filter((name) => name.endsWith('.json'));
  expect(JSON.parse(await readFile(join(folder, story), 'utf8'))).toMatchObject({
    kind: 'state_change',
    rows: 1,
    reason: 'Cannot parse input',
  });
  const counted = log.losses.unstored();
  expect(counted.map(({ outcome, host_id, epoch, kind }) => [outcome, host_id, epoch, kind])).toEqual(
    counted.map(() => ['dead_letter', HOST_HEX, EPOCH, 'state_change']),
  );
  expect(counted.reduce((sum, { rows }) => sum + rows, 0)).toBe(6);
  expect(heard.buried).toHaveLength(6);
  expect(heard.troubles.at(-1)).toBe('');
  await log.close();
});

test('a store that refuses all rows of a kind is waited for: nothing is given up, and few parts are made', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('broken-table');
  await append(log, 1, 400, { each: () => ({ pid: 5 }) });
  const heard = listen();
  const pids = [5];
  const writer = new Writer(log, refusing(pids), PERIODS, heard.events);
  writer.start();
  await until(
    () => heard.failed.length,
    (count) => count >= 60,
  );
  expect(heard.buried).toEqual([]);
  expect(log.sealedCount).toBeLessThanOrEqual(1 + ATTEMPTS.blind_splits_max);
  // Somebody repairs the table.
  pids.pop();
  await emptied(log);
  await writer.stop();
  expect((await countRows(store, 'state_change')) - before).toBe(400);
  await log.close();
});

test('what a collector and another one have lost of the same batch is lost once', async () => {
  const logs = [await openLog('lost-here'), await openLog('lost-there')];
  for (const log of logs) {
    await append(log, 7000, 10);
    await log.seal();
    for (const { segment } of log.sealed) await log.bury(segment, 'refused');
    for (let told = 0; told < 2; told++) await new LossWriter(log, store, (error) => expect(error).toBeUndefined()).stop();
    expect(log.losses.size).toBe(0);
    await log.close();
  }
  expect(await store.query('SELECT outcome, max(rows) AS rows FROM lost WHERE sequence = 7000 GROUP BY ALL')).toEqual([
    { outcome: 'dead_letter', rows: 10 },
  ]);
});

test('a batch that is sent again when the log has forgotten it is written twice, and its rows are stored once', async () => {
  const before = await countRows(store, 'state_change');
  const log = await openLog('forgotten');
  const sent: Batch = {
    host_id: HOST_HEX,
    epoch: EPOCH,
    sequence: 9000,
    kind: 'state_change',
    lane: 'live',
    rows: rowsOf('state_change', 10),
  };
  await log.append(sent);
  const runs = Array.from({ length: RUNS_MAX }, (_, run) => (2 ** 40 + run).toString(16).padStart(16, '0'));
  await Promise.all(runs.map((epoch, run) => log.append({ ...sent, epoch, rows: rowsOf('state_change', 1, () => ({ pid: run })) })));
  expect(await log.append(sent)).toEqual({ duplicate: false });
  await new Writer(log, store, PERIODS, listen().events).stop();
  expect((await countRows(store, 'state_change')) - before).toBe(10 + RUNS_MAX);
  await log.close();
});
