// Which minutes are made, when, and what is told of those that are not: on the real engine, with rows that come at every moment.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Engine, Filling } from '../../../server/storage/engine.ts';
import { LateSearch, latePieces, settleLate } from '../../../server/storage/late-pieces.ts';
import { MinuteRefresh } from '../../../server/storage/minute-refresh.ts';
import { publishedMinutes } from '../../../server/storage/published-minutes.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { segmentRowBytes } from '../../../server/storage/segment-insert.ts';
import type { Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';

const PIECE_MS = 300_000;
const HOUR_MS = 3_600_000;
/** The start of a piece of five minutes, four hours ago. */
const START_MS = Math.floor(Date.now() / PIECE_MS) * PIECE_MS - 4 * HOUR_MS;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-minutes-'));
let store: Store;
let sequence = 0;
beforeAll(async () => {
  store = await openEmbedded({ path: join(directory, 'engine') });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const at = (ms: number) => BigInt(START_MS + ms) * 1_000_000n;
const resent = (ms: number, host_id: number) => rowBytes('retransmit', { time_ns: at(ms), host_id, class: 1, segments: 1 });

async function put(...rows: Buffer[]): Promise<void> {
  const path = join(directory, `${++sequence}.rows`);
  writeFileSync(path, segmentBytes(rows, { epoch: '00000000000000e1', sequence }));
  const segment = { kind: 'retransmit', path, rows: rows.length } as const;
  await store.insertSegment(segment);
  await store.noteLate([segment]);
}

/** Segments that were sent again, over the last five hours. `fresh`: as one asks who has not asked before. */
async function told(fresh: Store = { ...store }): Promise<number> {
  const range = { from: START_MS - HOUR_MS, to: START_MS + 4 * HOUR_MS };
  const { series, step_s, source } = await overview(fresh, range, START_MS + 4 * HOUR_MS + 60_000);
  expect(source).toBe('rollup_1m');
  return Math.round((series.retransmits_per_s['fast'] ?? []).reduce<number>((sum, rate) => sum + (rate ?? 0) * step_s, 0));
}
const minutes = async () => (await store.query<{ n: number }>('SELECT sum(retrans_fast) AS n FROM rollup_1m FINAL', {}, 1))[0]?.n ?? 0;

test('what has been made and what has not add up to all', async () => {
  await put(resent(0, 1), resent(299_999, 2));
  await put(resent(300_000, 1));
  await put(resent(2 * PIECE_MS, 1));
  expect([await told(), await minutes()]).toEqual([4, 0]);
  // Two minutes after the end of the second piece, and not of the third.
  expect(await store.upkeep.makeMinutes(START_MS + 2 * PIECE_MS + 120_000)).toBe(2);
  expect([await told(), await minutes()]).toEqual([4, 3]);
  expect(await publishedMinutes({ ...store })).toEqual([[START_MS / 1000, START_MS / 1000 + 600]]);
});

test('rows that come late are noted by host and piece, and their minutes are made anew', async () => {
  await put(resent(10_000, 1), resent(20_000, 1), resent(10_000, 3));
  const noted = await latePieces(store, 9);
  expect(noted.filter(({ start_s }) => start_s === START_MS / 1000).map(({ host_id }) => host_id)).toEqual(['1', '3']);
  await store.upkeep.refresh(START_MS + HOUR_MS);
  expect([await told(), await minutes()]).toEqual([7, 7]);
  expect(await latePieces(store, 9)).toEqual([]);
});

test('a piece from before the first that was made is told, too', async () => {
  await put(resent(-HOUR_MS / 2, 1));
  expect(await told()).toBe(8);
  await store.upkeep.refresh(START_MS + HOUR_MS);
  expect([await told(), await minutes()]).toEqual([8, 8]);
  expect(await publishedMinutes({ ...store })).toHaveLength(2);
});

test('a note that comes while its piece is being built stays', async () => {
  await put(resent(30_000, 1));
  const seen = await latePieces(store, 9);
  await put(resent(40_000, 1));
  await settleLate({ insertObjects: (table, objects) => insertObjects(table, objects) }, seen);
  expect((await latePieces(store, 9)).map(({ host_id, notes }) => [host_id, notes.length])).toEqual([['1', 1]]);
  await store.upkeep.refresh(START_MS + HOUR_MS);
  expect([await told(), await minutes()]).toEqual([10, 10]);
});

/** The store's engine has it, and a store is no place for it. */
async function insertObjects(table: string, objects: readonly object[]): Promise<void> {
  await (store as unknown as { insertObjects: (table: string, objects: readonly object[]) => Promise<void> }).insertObjects(table, objects);
}

test('while the collector was away nothing was made, and nothing is missing', async () => {
  await put(resent(3 * HOUR_MS, 1));
  expect(await store.upkeep.makeMinutes(START_MS + 3 * HOUR_MS + PIECE_MS + 120_000)).toBe(2);
  expect([await told(), await minutes()]).toEqual([11, 11]);
});

test('minutes that a clock that was ahead has made are made again of the rows that come in their time', async () => {
  const now_ms = Date.now();
  await store.upkeep.makeMinutes(now_ms + 24 * HOUR_MS);
  const asksAnew = await openEmbedded({ path: join(directory, 'engine') });
  const path = join(directory, 'now.rows');
  writeFileSync(
    path,
    segmentBytes([rowBytes('retransmit', { time_ns: BigInt(now_ms) * 1_000_000n, host_id: 9, class: 1, segments: 1 })], {
      epoch: '00000000000000e9',
      sequence: 1,
    }),
  );
  await asksAnew.insertSegment({ kind: 'retransmit', path, rows: 1 });
  await asksAnew.noteLate([{ kind: 'retransmit', path, rows: 1, oldest_ns: now_ms * 1e6 }]);
  expect((await latePieces(asksAnew, 9)).map(({ host_id }) => host_id)).toEqual(['9']);
  await asksAnew.upkeep.refresh(now_ms);
  expect(await minutes()).toBe(12);
  await asksAnew.close();
});

test('late pieces of many rows are built by several statements, and all of them are built', async () => {
  const fills: string[] = [];
  const engine = store as unknown as Engine;
  const counted = {
    ...engine,
    fill: (filling: Filling) => engine.fill(filling).finally(() => fills.push(filling.into.split(' ')[0] ?? '')),
  };
  const before = [await told(), await minutes()];
  // Three rows a piece for five hosts: of at most seven rows a statement has two hosts.
  for (const host_id of [21, 22, 23, 24, 25]) await put(...[1, 2, 3].map((s) => resent(s * 1000, host_id)));
  expect(await new MinuteRefresh(counted, 7).late()).toBe(5);
  expect(fills.filter((table) => table === 'rollup_1m')).toHaveLength(3);
  expect([await told(), await minutes()]).toEqual(before.map((n) => n + 15));
  expect(await latePieces(store, 9)).toEqual([]);
});

test('a row at the edge of two pieces is noted for both, a row of now for none', () => {
  const rows = segmentBytes([resent(PIECE_MS, 7), resent(HOUR_MS, 7)], { epoch: '00000000000000e1', sequence: 1 });
  const late = (latest_s: number) => {
    const search = new LateSearch(latest_s);
    search.look(rows, segmentRowBytes('retransmit'));
    return search.pieces.map(({ start_s }) => start_s * 1000 - START_MS);
  };
  expect(late(START_MS / 1000 + 600)).toEqual([0, PIECE_MS]);
  expect(late(START_MS / 1000 - 300)).toEqual([]);
});

test('rows of a segment that somebody has looked at are read only where one of them is old', async () => {
  const segment = { kind: 'retransmit', path: join(directory, 'gone.rows'), rows: 1 } as const;
  await store.noteLate([{ ...segment, oldest_ns: (Date.now() + 25 * HOUR_MS) * 1e6 }]);
  await expect(store.noteLate([{ ...segment, oldest_ns: START_MS * 1e6 }])).rejects.toMatchObject({ code: 'ENOENT' });
});

test('each of many late rows is found, wherever it lies in its segment', async () => {
  const settled = await latePieces(store, 9);
  expect(settled).toEqual([]);
  await put(...Array.from({ length: 20_000 }, (_, row) => resent(row === 12_345 ? 50_000 : 2 * PIECE_MS + 1000, row === 12_345 ? 77 : 78)));
  expect((await latePieces(store, 9)).map(({ host_id }) => host_id).toSorted()).toEqual(['77', '78']);
});
