// What became of rows, on the real engine: repeating and reordering reports changes nothing, and hours say what minutes said.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertAccounting } from '../../../server/storage/accounting.ts';
import { AccountingRefresh } from '../../../server/storage/accounting-refresh.ts';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine, Filling, HostAccountingEntry, LostRows } from '../../../server/storage/engine.ts';
import { accounting, accountsByHost, completenessWithin } from '../../../server/storage/queries/accounts.ts';
import { windowOf } from '../../../server/storage/queries/window.ts';
import type { Store } from '../../../server/storage/store.ts';
import { filterOf } from './filter-of.ts';
import { toldOf } from './report.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-accounting-'));
let store: Store;
let engine: Engine;
beforeAll(async () => {
  store = await openEmbedded({ path: directory });
  await store.migrate();
  engine = await openEmbeddedEngine({ path: directory });
});
afterAll(async () => {
  await engine.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

const of = (host: number, entries: ReturnType<typeof toldOf>): HostAccountingEntry[] =>
  entries.map((entry) => ({ ...entry, host_id: host.toString(16).padStart(16, '0') }));

/** Batches that collectors lost rows of, three and two rows an hour of the first host. */
function lost(): LostRows[] {
  return Array.from({ length: 72 }, (_, hour) => NOW_MS - (hour + 1) * HOUR_MS).flatMap((at_ms, hour) => [
    ...of(1, toldOf('sample', { quarantined: 3 }, at_ms)).map((entry) => ({ ...entry, sequence: hour + 1, reporter: '', sent_rows: 9 })),
    ...of(1, toldOf('sample', { quarantined: 2 }, at_ms)).map((entry) => ({
      ...entry,
      sequence: 0,
      reporter: `run-${hour}`,
      sent_rows: 0,
    })),
  ]);
}

/** Of two hosts, an hour each for three days: growing figures, told in any order, some twice. */
function told(): HostAccountingEntry[] {
  const entries: HostAccountingEntry[] = [];
  for (let hour = 1; hour <= 72; hour++) {
    const at_ms = NOW_MS - hour * HOUR_MS;
    for (const host of [1, 2]) {
      for (const rows of [100, 40, 100]) entries.push(...of(host, toldOf('sample', { seen: rows, sent: rows - 10, ring_lost: 10 }, at_ms)));
    }
  }
  return entries;
}

const RANGE = { from: NOW_MS - 72 * HOUR_MS, to: NOW_MS };
const all = async () => ({
  completeness: (await completenessWithin(store, windowOf(RANGE, NOW_MS))).completeness,
  ofTwo: (await completenessWithin(store, windowOf({ ...RANGE, filter: filterOf('host = 2') }, NOW_MS))).completeness,
  hosts: Object.fromEntries(await accountsByHost(store, RANGE, ['1', '2'], NOW_MS)),
});
const SAMPLES_OF_TWO = { kind: 'sample', seen: 7200, sent: 6480, stored: 0, queued: 0, lost: { ring_lost: 720 } };

test('the largest figure of a key counts; what collectors lose counts once a batch, whoever tells it and when', async () => {
  const entries = told();
  await insertAccounting(engine, entries);
  await insertAccounting(engine, entries.toReversed());
  await store.insertLost(lost());
  // Another collector, which took the same batch a minute later, and has found less of it so far.
  await store.insertLost(lost().map((entry) => ({ ...entry, rows: 1, minute_ms: entry.minute_ms + 60_000 })));
  expect(await all()).toEqual({
    completeness: 1 - 1800 / 14_400,
    ofTwo: 1 - 720 / 7200,
    hosts: { 1: [{ ...SAMPLES_OF_TWO, lost: { ring_lost: 720, quarantined: 360 } }], 2: [SAMPLES_OF_TWO] },
  });
});

test('hours say the same, also where a minute is told later', async () => {
  const minutes = await all();
  expect(await store.upkeep.refresh(NOW_MS + HOUR_MS)).toBe(72);
  expect(await store.query('SELECT count() AS n FROM accounting_1h')).toEqual([{ n: 72 * 7 }]);
  expect(await all()).toEqual(minutes);
  expect(await store.upkeep.refresh(NOW_MS + HOUR_MS)).toBe(0);
  await insertAccounting(engine, of(2, toldOf('drop', { seen: 7, died: 7 }, NOW_MS - 60 * HOUR_MS)));
  expect(await store.upkeep.refresh(NOW_MS + HOUR_MS)).toBe(1);
  const drops = { kind: 'drop', seen: 7, sent: 0, stored: 0, queued: 0, lost: { died: 7 } };
  expect(await all()).toMatchObject({ ofTwo: 1 - 727 / 7207, hosts: { 2: [drops, SAMPLES_OF_TWO] } });
});

test('in steps, and the least complete host first', async () => {
  const { steps, hosts, total, step_s } = await accounting(store, RANGE, 1, NOW_MS);
  expect({ step_s, total, hosts: hosts.map(({ host_id }) => host_id) }).toEqual({ step_s: 1800, total: 2, hosts: ['1'] });
  expect(steps).toHaveLength(72);
  expect(steps[0]).toMatchObject({
    time_s: RANGE.from / 1000,
    seen: 200,
    lost: { ring_lost: 20, quarantined: 5 },
    completeness: 1 - 25 / 200,
  });
  const minutes = await accounting(store, { from: NOW_MS - 2 * HOUR_MS, to: NOW_MS, host_id: '2' }, 9, NOW_MS);
  expect(minutes.steps.map(({ seen, sent }) => [seen, sent])).toEqual([
    [100, 90],
    [100, 90],
  ]);
});

test('hours that no statement can take alone are built by ranges of hosts', async () => {
  const before = await all();
  await insertAccounting(engine, of(1, toldOf('drop', { seen: 9, died: 9 }, NOW_MS - 60 * HOUR_MS)));
  await insertAccounting(engine, of(3, toldOf('drop', { seen: 5, died: 5 }, NOW_MS - 60 * HOUR_MS)));
  let fills = 0;
  const counting = { ...engine, fill: (filling: Filling) => engine.fill(filling).finally(() => fills++) };
  expect(await new AccountingRefresh(counting, 5).run(NOW_MS + HOUR_MS)).toBe(1);
  expect(fills).toBe(3);
  const built = await engine.query<{ kind: string; counted: string; rows: number }>(
    `SELECT kind, counted, sum(rows) AS rows FROM accounting_1h
WHERE start = toDateTime(${NOW_MS / 1000 - 60 * 3600}, 'UTC') AND version = (SELECT max(version) FROM accounting_1h WHERE start = toDateTime(${NOW_MS / 1000 - 60 * 3600}, 'UTC'))
GROUP BY kind, counted ORDER BY kind, counted`,
  );
  expect(built.filter(({ kind }) => kind === 'drop')).toEqual([
    { kind: 'drop', counted: 'died', rows: 7 + 9 + 5 },
    { kind: 'drop', counted: 'seen', rows: 7 + 9 + 5 },
  ]);
  expect((await all()).hosts['2']).toEqual(before.hosts['2']);
});
